"""An organization on a subscription at the simulator, and the clock that both live by."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import requests
from sqlalchemy import select

from dashboard.audit.actor import SYSTEM
from dashboard.billing.close import due_to_seal, seal
from dashboard.billing.models import Invoice
from dashboard.billing.roll import due_to_roll, roll_over
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.gateway.customer_records import CustomerDraft
from dashboard.organizations.link import link_subscription
from dashboard.organizations.models import Organization
from dashboard.sync.models import SyncRun
from dashboard.sync.request import abandoned_runs, due_for_sync, due_to_finalize
from dashboard.transaction import checkpoint, transaction
from dashboard.webhooks.handlers import HANDLERS
from dashboard.webhooks.intake import store
from dashboard.webhooks.process import process
from dashboard.webhooks.renewals import due_to_look, look
from tests.support.billing import make_bill, put
from tests.support.simulator import API_KEY
from tests.support.syncing import Syncer

FEE = 9900


@dataclass
class Subscribed:
    """An organization, its subscription at the simulator, and what the clock has come to."""

    syncer: Syncer
    organization: Organization
    subscription: str
    began: datetime
    heard: set[str] = field(default_factory=set)

    @property
    def now(self) -> datetime:
        """The present, for both."""
        return self.syncer.clock()

    def draft(self) -> Invoice:
        """Return the current invoice."""
        query = select(Invoice).filter_by(organization_id=self.organization.id, status="draft")
        return db.session.scalars(query).one()

    def invoices(self) -> list[Invoice]:
        """Return all invoices, as they are now."""
        db.session.expire_all()
        query = select(Invoice).filter_by(organization_id=self.organization.id)
        return list(db.session.scalars(query.order_by(Invoice.sequence)))

    def stripe(self, method: str, path: str, **body: Any) -> Any:
        """Ask the simulator as Stripe's other users do."""
        url = f"{self.syncer.simulator.url}/v1/{path}"
        answer = requests.request(method, url, auth=(API_KEY, ""), data=body, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def advance(self, to: datetime) -> None:
        """Let the time be `to`, at Stripe and here; what comes due there happens on the way."""
        seconds = (to - self.now).total_seconds()
        self.syncer.simulator.advance(seconds)
        self.syncer.ahead += timedelta(seconds=seconds)

    def hear(self, *, but: tuple[str, ...] = ()) -> list[str]:
        """Process the events that were not heard yet, but for some types; return what was said."""
        events = self.syncer.gateway.events_since(self.began, tuple(HANDLERS))
        new = [one for one in events if one.id not in self.heard and one.type not in but]
        said = []
        for one in sorted(new, key=lambda event: event.created_at):
            self.heard.add(one.id)
            said.append(self.hear_one(one))
        return said

    def hear_one(self, one: Any) -> str:
        """Process one event, and the syncs that it asks for."""
        with transaction():
            ids = store([one], source="backfill", now=self.now)
        runs: list[SyncRun] = []
        for event_id in ids:
            with transaction():
                runs += process(
                    event_id, gateway=self.syncer.gateway, checkpoint=checkpoint, now=self.now
                )
        for run in runs:
            self.syncer.carry_out(run)
        return f"{one.type} {len(ids)}"

    def tick(self) -> None:
        """Do what the clock finds due."""
        self.roll_and_seal()
        self.look()
        self.finish()

    def roll_and_seal(self) -> None:
        """Roll what is over, and seal what had its grace."""
        with transaction():
            for organization_id in due_to_roll(now=self.now, most=10):
                roll_over(db.session.get_one(Organization, organization_id), now=self.now)
        with transaction():
            seal(due_to_seal(now=self.now, most=10), now=self.now)

    def look(self) -> None:
        """Look after the bills that wait for a renewal's invoice."""
        for invoice_id in due_to_look(now=self.now, most=10):
            with transaction():
                gateway = self.syncer.gateway
                run = look(invoice_id, gateway=gateway, checkpoint=checkpoint, now=self.now)
            if run is not None:
                self.syncer.carry_out(run)

    def finish(self) -> None:
        """Sync and finalize what is due, and take up the runs that were left."""
        for invoice_id in due_for_sync(now=self.now, most=10):
            self.syncer.sync(db.session.get_one(Invoice, invoice_id), "scheduled")
        for invoice_id in due_to_finalize(now=self.now, most=10):
            self.syncer.sync(db.session.get_one(Invoice, invoice_id), "final", verify=True)
        for run_id in abandoned_runs(now=self.now, most=10):
            self.syncer.carry_out(db.session.get_one(SyncRun, run_id))

    def lines(self, invoice: Invoice) -> list[tuple[str | None, int]]:
        """Return the lines of Stripe's invoice: our key or None, and its cents."""
        return [
            (one.key, one.amount_cents)
            for one in self.syncer.gateway.lines(str(invoice.stripe_invoice_id))
        ]

    def billed_cents(self) -> list[int]:
        """Return what was billed of ours, whatever it was called where it was billed."""
        return list(self.billed().values())

    def billed(self) -> dict[str, int]:
        """Return what Stripe's issued invoices bill of ours, by key, over all of them."""
        total: dict[str, int] = {}
        for one in self.stripe("GET", "invoices?limit=100")["data"]:
            if one["status"] in ("draft", "void"):
                continue
            for line in self.syncer.gateway.lines(one["id"]):
                if line.key is not None:
                    total[line.key] = total.get(line.key, 0) + line.amount_cents
        return total


def subscribe(
    syncer: Syncer, *, days_left: int = 3, linked: bool = True, slug: str = "acme"
) -> Subscribed:
    """Return an organization whose subscription renews in so many days, as its cycle ends.

    It is linked a cycle before: the current one waits for the subscription's invoice.
    """
    bill = make_bill(slug, days_left=days_left)
    organization = bill.organization
    draft = CustomerDraft(str(organization.id), organization.name, organization.email)
    customer = syncer.gateway.create_customer(draft, key=f"customer-{organization.id}")
    with transaction():
        organization.stripe_customer_id = customer.id
        organization.agreed_customer = organization.customer
    world = Subscribed(syncer, organization, "", utc_now() - timedelta(minutes=1))
    made = world.stripe(
        "POST",
        "subscriptions",
        customer=customer.id,
        billing_cycle_anchor=int(bill.period_end.timestamp()),
        **priced(FEE),
    )
    world.subscription = made["id"]
    if linked:
        link(world)
        with transaction():
            # As one that began when it was linked already.
            world.draft().billed_with = "waits"
    return world


def link(world: Subscribed) -> None:
    """Link the organization to its subscription."""
    remote = world.syncer.gateway.subscription(world.subscription)
    with transaction():
        link_subscription(
            world.organization, remote, reason="They asked.", actor=SYSTEM, now=world.now
        )


def priced(cents: int, currency: str = "usd", interval: str = "month") -> dict[str, Any]:
    """Return the items of a subscription as a form has them."""
    price = "items[0][price_data]"
    return {
        f"{price}[currency]": currency,
        f"{price}[product]": "prod_hosting",
        f"{price}[recurring][interval]": interval,
        f"{price}[unit_amount]": cents,
    }


def use(world: Subscribed, **cents_by_key: int) -> Invoice:
    """Put items on the current bill, and return it."""
    bill = world.draft()
    put(bill, **cents_by_key)
    return bill

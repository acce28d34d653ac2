"""The world of the worked stories: what happens on which day, to the ledger and at Stripe."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from dashboard.billing.adjust import add_adjustment
from dashboard.billing.close import due_to_seal, seal
from dashboard.billing.credit_note_void import ask_void
from dashboard.billing.credit_notes import WantedNote, notes_of, plan_note
from dashboard.billing.draft import current_invoice
from dashboard.billing.fold import fold
from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.billing.refund_room import refund_room_of
from dashboard.billing.refunds import WantedRefund, plan_refund
from dashboard.billing.reissue import plan_reissue
from dashboard.billing.roll import roll_early, roll_over
from dashboard.billing.subscription import waits
from dashboard.money import Money
from dashboard.organizations.link import link_subscription
from dashboard.organizations.models import Organization
from dashboard.pricing.models import Price
from dashboard.services.change import change_quantity
from dashboard.services.detach import detach_service
from dashboard.services.models import Service
from dashboard.sync.issue_notes import carry_out_note
from dashboard.sync.make_refunds import make_refund
from dashboard.sync.void_and_bill import void_and_bill
from dashboard.transaction import checkpoint, transaction
from dashboard.usage.record import record_batch
from dashboard.usage.reported import ReportedRecord
from dashboard.webhooks.handlers import HANDLERS
from dashboard.webhooks.intake import store
from dashboard.webhooks.process import process
from tests.factories import SUPPORT, make_organization, make_service
from tests.support.notes_at_stripe import ask
from tests.support.subscriptions import priced
from tests.support.syncing import Syncer

# In days to come, as Stripe's clock only goes ahead. April has 30 days, May 31, June 30.
YEAR = 2041
MONTHS = {"Mar": 3, "Apr": 4, "May": 5, "Jun": 6, "Jul": 7, "Aug": 8}
# Bills are closed and issued in the first hours of the day that their cycle ends on.
GRACE = timedelta(hours=2)

keys = count()


def day(text: str) -> datetime:
    """Return the beginning of a day of the stories, as "Apr 16"."""
    month, number = text.split()
    return datetime(YEAR, MONTHS[month], int(number), tzinfo=UTC)


@dataclass
class StoryWorld:
    """One organization, whose first cycle begins on April 1st, and what it was sold."""

    db: SQLAlchemy
    syncer: Syncer
    organization: Organization
    prices: Mapping[str, Price]
    now: datetime
    services: dict[str, Service] = field(default_factory=dict)

    @classmethod
    def begun(
        cls, db: SQLAlchemy, syncer: Syncer, prices: Mapping[str, Price], **properties: object
    ) -> StoryWorld:
        """Return a world on April 1st."""
        begin = day("Apr 1")
        organization = make_organization("acme", anchor=begin, now=begin, **properties)
        for price in prices.values():
            if price.kind == "metered":
                make_service(organization, price, now=begin, at=begin)
        db.session.commit()
        world = cls(db, syncer, organization, prices, begin)
        world.go_to(begin)
        return world

    def go_to(self, at: datetime) -> None:
        """Let it be then, here and at Stripe."""
        self.now = at
        clock = self.syncer.simulator.get("clock")
        ahead = at - datetime.fromtimestamp(clock["now"], UTC)
        self.syncer.simulator.post("clock", advance_seconds=ahead.total_seconds())
        self.syncer.ahead = timedelta(0)
        self.syncer.ahead = at - self.syncer.clock()

    def bill(self, number: int) -> Invoice:
        """Return a bill by its number, from 1."""
        query = select(Invoice).where(
            Invoice.organization_id == self.organization.id, Invoice.sequence == number
        )
        return self.db.session.scalars(query.execution_options(populate_existing=True)).one()

    # What happens.

    def attach(self, price: str, quantity: int = 1) -> None:
        self.services[price] = make_service(
            self.organization, self.prices[price], now=self.now, at=self.now,
            quantity=Decimal(quantity),
        )  # fmt: skip

    def quantity(self, price: str, quantity: int, since: str | None = None) -> None:
        at = day(since) if since else self.now
        change_quantity(self.services[price], Decimal(quantity), at=at, now=self.now, actor=SUPPORT)

    def detach(self, price: str, since: str | None = None) -> None:
        at = day(since) if since else self.now
        detach_service(self.services[price], at=at, now=self.now, actor=SUPPORT)

    def usage(self, price: str, units: str, of: str | None = None) -> None:
        at = day(of) if of else self.now
        meter = str(self.prices[price].meter)
        record = ReportedRecord(
            self.organization.slug, meter, f"k{next(keys)}", Decimal(units.replace(",", "")), at
        )
        record_batch([record], now=self.now)
        fold([self.organization.id], now=self.now)

    def adjust(self, description: str, cents: int) -> None:
        bill = current_invoice(self.organization)
        add_adjustment(
            bill, Money(cents, bill.currency), reason="Agreed", description=description,
            actor=SUPPORT, now=self.now, key=f"k{next(keys)}",
        )  # fmt: skip

    def sync(self) -> None:
        self.db.session.commit()
        run = self.syncer.sync(current_invoice(self.organization))
        assert run.state == "succeeded", run.error

    def cut(self) -> None:
        before = current_invoice(self.organization)
        roll_early(self.organization, reason="Asked for", actor=SUPPORT, now=self.now)
        self._issue(before)

    def end(self) -> None:
        """End the cycle: roll over, wait out the grace, seal, sync, verify, finalize."""
        before = current_invoice(self.organization)
        self.go_to(before.period_end)
        roll_over(self.organization, now=self.now)
        if waits(before):
            # What a subscription brings for its renewal Stripe issues within the hour.
            self.db.session.commit()
            self.hear()
        self.go_to(before.period_end + GRACE)
        seal(due_to_seal(now=self.now, most=10), now=self.now)
        self._issue(before)

    def pay(self, number: int) -> None:
        bill = self.bill(number)
        customer = bill.organization.stripe_customer_id
        card = ask(self.syncer, "post", "payment_methods/pm_card_visa/attach", customer=customer)
        at = f"invoices/{bill.stripe_invoice_id}/pay"
        ask(self.syncer, "post", at, payment_method=card["id"])

    def note(self, number: int, price: str, cents: int, paid: str = "") -> None:
        """Take so much off a line; of what was paid all goes back `paid`: refund or balance."""
        bill = self.bill(number)
        items = [one for one in self._items(bill) if label(one) == price]
        back = {f"{paid}_cents": cents} if paid else {}
        wanted = WantedNote({items[0].id: cents}, reason="Agreed", **back)
        made = plan_note(bill, wanted, key=f"k{next(keys)}", actor=SUPPORT, now=self.now)
        self.db.session.commit()
        with self.syncer.work_on(bill) as work:
            carry_out_note(made, work)

    def void_note(self, number: int) -> None:
        bill = self.bill(number)
        [made] = notes_of(bill)
        ask_void(made, reason="A mistake", actor=SUPPORT, now=self.now)
        self.db.session.commit()
        with self.syncer.work_on(bill) as work:
            carry_out_note(made, work)

    def refund(self, number: int, cents: int) -> None:
        bill = self.bill(number)
        [payment] = refund_room_of(bill).refundable
        wanted = WantedRefund(payment.id, cents, "goodwill", "Agreed")
        made = plan_refund(bill, wanted, key=f"k{next(keys)}", actor=SUPPORT, now=self.now)
        self.db.session.commit()
        with self.syncer.work_on(bill) as work:
            make_refund(made, work)

    def reissue(self, number: int) -> None:
        bill = self.bill(number)
        made = plan_reissue(
            bill, seen_cents=bill.total_cents, reason="Wrong address", key=f"k{next(keys)}",
            actor=SUPPORT, now=self.now,
        )  # fmt: skip
        self.db.session.commit()
        with self.syncer.work_on(bill) as work:
            if made.way == "void":
                void_and_bill(made, work)
            else:
                carry_out_note(made.note, work)

    def subscribe(self, cents: int) -> None:
        """Begin a subscription at Stripe that renews as the cycle ends, and link it."""
        self.sync()
        bill = current_invoice(self.organization)
        made = ask(
            self.syncer, "post", "subscriptions", customer=self.organization.stripe_customer_id,
            billing_cycle_anchor=int(bill.period_end.timestamp()), **priced(cents, bill.currency),
        )  # fmt: skip
        remote = self.syncer.gateway.subscription(made["id"])
        link_subscription(self.organization, remote, reason="Agreed", actor=SUPPORT, now=self.now)

    def coupon(self, percent: int) -> None:
        """Take so much off what the subscription bills."""
        of = self.organization.stripe_subscription_id
        self.syncer.simulator.post(f"subscriptions/{of}/discount", percent=percent)

    def cancel_subscription(self) -> None:
        of = self.organization.stripe_subscription_id
        ask(self.syncer, "delete", f"subscriptions/{of}")

    # What is there then.

    def hear(self) -> None:
        """Take in what Stripe tells of it all, twice: its events come more than once."""
        gateway, since = self.syncer.gateway, self.now - timedelta(days=60)
        told = list(gateway.events_since(since, tuple(HANDLERS)))
        with transaction():
            new = store(told, source="webhook", now=self.now)
        for event_id in (*new, *new):
            with transaction():
                runs = process(event_id, gateway=gateway, checkpoint=checkpoint, now=self.now)
            for run in runs:
                self.syncer.carry_out(run)

    def lines(self, number: int) -> dict[str, int]:
        """Return what a bill's lines come to, in minor units, by what they are for."""
        sums: dict[str, int] = defaultdict(int)
        for item in self._items(self.bill(number)):
            sums[label(item)] += item.amount_cents
        return {name: cents for name, cents in sums.items() if cents}

    def balance(self) -> int:
        """Return Stripe's balance of the customer: positive is owed, negative is credit."""
        customer = self.organization.stripe_customer_id
        return int(ask(self.syncer, "get", f"customers/{customer}")["balance"]) if customer else 0

    def _issue(self, bill: Invoice) -> None:
        self.db.session.commit()
        run = self.syncer.sync(bill, "final", verify=True)
        assert run.state == "succeeded", run.error

    def _items(self, bill: Invoice) -> list[InvoiceItem]:
        query = select(InvoiceItem).where(InvoiceItem.invoice_id == bill.id)
        found = self.db.session.scalars(query.execution_options(populate_existing=True))
        return sorted(found, key=lambda one: (one.period_start, one.id))


def label(item: InvoiceItem) -> str:
    """Return what a line is for, as the stories name it."""
    if item.kind == "rebilled":
        return f"{item.description.partition(',')[0]}, again"
    if item.price_version is None:
        return item.description
    name = item.price_version.price.name
    return f"{name}, earlier cycle" if item.cycle_id != item.invoice.cycle_id else name

"""Organizations that are billed with a subscription, and what people do to those at Stripe."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any

from sqlalchemy import select

from benchmarks.soak.desk import REASON, SUPPORT
from dashboard.billing.current import current_invoice
from dashboard.billing.models import Invoice
from dashboard.billing.subscription import ALONE, WAITS, waits
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.gateway.customer_records import CustomerDraft
from dashboard.installation import this_installation
from dashboard.organizations.link import link_subscription
from dashboard.organizations.models import Organization
from dashboard.organizations.subscription import unlink_subscription
from dashboard.transaction import transaction
from jobs.renewals import look_at_renewal
from tests.support.simulator import SimulatorControl
from tests.support.stripe_dashboard import act, end, look
from tests.support.subscriptions import priced
from tests.support.syncing import gateway_to

# Of ten organizations so many are billed with a subscription.
OF_TEN = 3
FEES = (900, 2500, 9900)
PERIODS = {"week": ("week", 1), "month": ("month", 1), "quarter": ("month", 3), "year": ("year", 1)}


def subscribe(slug: str, url: str, rng: random.Random, *, renews_at: datetime) -> None:
    """Give an organization a subscription that renews as its cycle ends, and link it.

    The cycle that runs is one that waits for the renewal, as if it had been linked before.
    """
    gateway, here = gateway_to(url), this_installation().identity
    with transaction():
        organization = _called(slug)
        draft = CustomerDraft(str(organization.id), organization.name, organization.email, here)
        key = f"soak-{here}-{organization.id}"
        organization.stripe_customer_id = gateway.create_customer(draft, key=key).id
        organization.agreed_customer = organization.customer
        customer, every = organization.stripe_customer_id, organization.cycle_interval
    interval, count = PERIODS[every]
    sent = priced(rng.choice(FEES), interval=interval)
    sent["items[0][price_data][recurring][interval_count]"] = count
    anchor = int(renews_at.timestamp())
    made = act(url, "subscriptions", customer=customer, billing_cycle_anchor=anchor, **sent)
    remote = gateway.subscription(made["id"])
    with transaction():
        organization = _called(slug)
        link_subscription(organization, remote, reason=REASON, actor=SUPPORT, now=utc_now())
        current_invoice(organization).billed_with = WAITS


def unlink(organization: Organization) -> None:
    """Bill it alone again."""
    unlink_subscription(organization, reason=REASON, actor=SUPPORT, now=utc_now())


def look_after_the_rest() -> None:
    """Look now for the renewals of ended cycles: our clock would only begin after ten minutes."""
    ended = select(Invoice.id).where(
        Invoice.billed_with == WAITS, Invoice.status.in_(("closing", "sealed"))
    )
    with transaction():
        for invoice_id in db.session.scalars(ended):
            look_at_renewal.enqueue(invoice_id)


def go_alone_where_none_came() -> None:
    """Unlink what still waits at the end: whoever waits two hours goes alone by the clock."""
    ended = select(Invoice).where(
        Invoice.billed_with == WAITS, Invoice.status.in_(("closing", "sealed"))
    )
    with transaction():
        for organization in {one.organization for one in db.session.scalars(ended)}:
            unlink(organization)


def ways() -> dict[str, int]:
    """Return how many bills went onto which invoice: of all that were to go with a subscription."""
    with transaction():
        bills = db.session.scalars(select(Invoice).where(Invoice.billed_with != ALONE)).all()
        return {
            "wait for a renewal to come": sum(waits(one) for one in bills),
            "went onto a renewal's invoice": sum(not waits(one) for one in bills),
        }


class Subscriptions:
    """What somebody does to one of the account's subscriptions in Stripe's dashboard."""

    def __init__(self, url: str, rng: random.Random) -> None:
        self.url, self.rng = url, rng
        self.simulator = SimulatorControl(url)

    def change(self) -> str:
        """Do one thing to one of them, and return what it was."""
        found = look(self.url, "subscriptions", limit=100)["data"]
        living = [one for one in found if one["status"] == "active"]
        if not living:
            return "nothing to do"
        chosen = self.rng.choice(living)
        return self.rng.choice((self.pause, self.resume, self.coupon, self.prorate, self.cancel))(
            chosen
        )

    def pause(self, one: dict[str, Any]) -> str:
        """Pause the collection of its invoices."""
        how = self.rng.choice(("keep_as_draft", "void", "mark_uncollectible"))
        act(self.url, f"subscriptions/{one['id']}", **{"pause_collection[behavior]": how})
        return "collection paused"

    def resume(self, one: dict[str, Any]) -> str:
        """Go on collecting them."""
        act(self.url, f"subscriptions/{one['id']}", pause_collection="")
        return "collection resumed"

    def coupon(self, one: dict[str, Any]) -> str:
        """Give it a coupon."""
        percent = self.rng.choice((0, 10, 33))
        self.simulator.post(f"subscriptions/{one['id']}/discount", percent=percent)
        return "coupon"

    def prorate(self, one: dict[str, Any]) -> str:
        """Put a proration on its draft, where it has one."""
        latest = look(self.url, f"invoices/{one['latest_invoice']}")
        if latest["status"] != "draft":
            return "nothing to do"
        cents = self.rng.choice((-250, 400))
        self.simulator.post(f"subscriptions/{one['id']}/proration", cents=cents)
        return "proration"

    def cancel(self, one: dict[str, Any]) -> str:
        """End it, at once or with its period."""
        if self.rng.random() < 0.3:
            end(self.url, f"subscriptions/{one['id']}")
        else:
            act(self.url, f"subscriptions/{one['id']}", cancel_at_period_end="true")
        return "cancellation"


def _called(slug: str) -> Organization:
    return db.session.scalars(select(Organization).where(Organization.slug == slug)).one()

"""The subscription on whose invoices an organization is billed: kept, followed, and left.

While it is linked its cycles end with the subscription's periods.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from dashboard.audit.actor import STRIPE, Actor
from dashboard.audit.write import write_entry
from dashboard.billing.current import current_invoice
from dashboard.billing.locks import lock_invoices, lock_row
from dashboard.billing.models import Invoice
from dashboard.billing.period import CycleRule
from dashboard.billing.subscription import (
    ALONE,
    ENDED,
    SLACK,
    go_alone,
    is_older,
    rule_of_subscription,
    state_of,
    waits,
    way_of,
)
from dashboard.errors import BillingError, Invalid
from dashboard.extensions import db
from dashboard.gateway.subscription_records import RemoteSubscription
from dashboard.organizations.cycle import (
    CyclePlan,
    CycleWanted,
    change_cycle,
    plan_change,
)
from dashboard.organizations.models import Organization
from dashboard.pricing.rating import CannotRate

NOTHING = "Nothing was changed."


@dataclass(frozen=True, slots=True)
class Kept:
    """What an organization keeps of its subscription, as of `read_at`."""

    id: str
    status: str
    paused_how: str | None
    period_end: datetime
    ends_at: datetime | None
    read_at: datetime
    trouble: str | None


def kept_of(organization: Organization) -> Kept | None:
    """Return what an organization keeps of the subscription that it is billed with."""
    kept, subscription_id = organization.subscription, organization.stripe_subscription_id
    if subscription_id is None or kept is None:
        return None
    ends = kept["ends_at"]
    return Kept(
        id=subscription_id,
        status=kept["status"],
        paused_how=kept["paused_how"],
        period_end=datetime.fromisoformat(kept["period_end"]),
        ends_at=None if ends is None else datetime.fromisoformat(ends),
        read_at=datetime.fromisoformat(kept["read_at"]),
        trouble=kept.get("trouble"),
    )


def unlink_subscription(
    organization: Organization, *, reason: str | None, actor: Actor, now: datetime
) -> bool:
    """Bill the organization on invoices of its own again; return whether it was linked.

    Its cycles go on being counted as they are. What waits for the subscription goes alone; what has
    taken its invoice stays on that.
    """
    lock_row(organization)
    subscription_id = organization.stripe_subscription_id
    if subscription_id is None:
        return False
    for invoice in lock_waiting(organization):
        go_alone(invoice, "The subscription was unlinked.", now=now, actor=actor)
    organization.stripe_subscription_id = organization.subscription = None
    facts = {"subscription": subscription_id}
    write_entry("organization.unlinked", organization, actor, facts, reason=reason, now=now)
    return True


def follow(organization: Organization, remote: RemoteSubscription, *, now: datetime) -> str:
    """Take over what was just read of the organization's subscription; return it in a sentence.

    Its row must be locked, and none of its invoices. A cycle that cannot end where the
    subscription's period does keeps its own end, and what it holds is billed alone.
    """
    if is_older(remote, organization.subscription):
        return "It is known already: the subscription was read later than this."
    if remote.status in ENDED:
        why = f"The subscription is {remote.status} at Stripe."
        unlink_subscription(organization, reason=why, actor=STRIPE, now=now)
        return f"{why} The organization is billed on invoices of its own again."
    organization.subscription = state_of(remote, now=now)
    invoice = current_invoice(organization)
    # Stripe's clock may be a little ahead of ours.
    if invoice.period_end <= now + SLACK:
        return "The subscription was read; its cycle is being rolled."
    trouble = None
    with db.session.begin_nested() as attempt:
        try:
            plan = plan_cycle(organization, invoice, remote, now)
            move_cycle(organization, remote, plan, actor=STRIPE, now=now)
        except (BillingError, CannotRate) as error:
            attempt.rollback()
            trouble = str(error)
    organization.subscription = state_of(remote, now=now) | {"trouble": trouble}
    for one in lock_waiting(organization):
        renews = abs(one.period_end - remote.period_start) <= SLACK
        if one.status == "draft" and not renews and way_of(organization, one.period_end) == ALONE:
            go_alone(one, "The subscription's period ends later than this cycle.", now=now)
    return f"The cycle was not changed. {trouble}" if trouble else "The subscription was read."


def lock_waiting(organization: Organization) -> list[Invoice]:
    """Lock what is open of an organization, and return what of it waits for a subscription."""
    open_ones = select(Invoice.id).where(
        Invoice.organization_id == organization.id,
        Invoice.status.in_(("draft", "closing", "sealed")),
    )
    return [one for one in lock_invoices(db.session.scalars(open_ones).all()) if waits(one)]


def linked_to(subscription_id: str) -> int | None:
    """Return the id of the organization that is billed on a subscription's invoices."""
    query = select(Organization.id).where(Organization.stripe_subscription_id == subscription_id)
    return db.session.scalar(query)


def rule_followed(remote: RemoteSubscription) -> CycleRule:
    """Return how cycles that follow a subscription are counted; raises Invalid for none."""
    rule = rule_of_subscription(remote)
    if rule is None:
        raise Invalid(
            f"The periods of {remote.id} are not a week, a month, a quarter or a year, or its "
            f"items have several. {NOTHING} Only such can be followed.",
            field="subscription",
        )
    return rule


def plan_cycle(
    organization: Organization, invoice: Invoice, remote: RemoteSubscription, now: datetime
) -> CyclePlan:
    """Return how the cycle is made to end with the subscription's, at once where that can be."""
    try:
        return plan_change(organization, invoice, wanted_by(remote, ends_early=True), now=now)
    except Invalid as error:
        if error.facts.get("field") != "takes_effect":
            raise
    return plan_change(organization, invoice, wanted_by(remote, ends_early=False), now=now)


def wanted_by(remote: RemoteSubscription, *, ends_early: bool) -> CycleWanted:
    """Return the change of the cycle that follows a subscription."""
    rule = rule_followed(remote)
    return CycleWanted(rule.interval, rule.zone, rule.anchor, ends_early=ends_early, follows=True)


def move_cycle(
    organization: Organization,
    remote: RemoteSubscription,
    plan: CyclePlan,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Let the cycle follow the subscription as planned; the organization must be locked."""
    if plan.is_new:
        wanted = wanted_by(remote, ends_early=plan.is_early)
        why = f"Its cycle follows {remote.id}."
        change_cycle(organization, wanted, reason=why, actor=actor, now=now)

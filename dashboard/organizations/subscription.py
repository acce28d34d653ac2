"""Linking an organization to the subscription on whose invoices it is billed, and following that.

While it is linked its cycles end with the subscription's periods. What is current when it is linked
is billed as before, by its own invoice; the cycles that begin after that wait for the
subscription's (`billing.subscription`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

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
    RENEWING,
    SLACK,
    go_alone,
    is_older,
    rule_of_subscription,
    state_of,
    waits,
    way_of,
)
from dashboard.errors import BillingError, Conflict, Invalid, Stale
from dashboard.extensions import db
from dashboard.gateway.subscription_records import RemoteSubscription
from dashboard.organizations.cycle import (
    CyclePlan,
    CycleWanted,
    change_cycle,
    plan_change,
    rule_now,
)
from dashboard.organizations.cycle_preview import CyclePreview, preview_cycle
from dashboard.organizations.models import Organization
from dashboard.pricing.rating import CannotRate

NOTHING = "Nothing was changed."


@dataclass(frozen=True, slots=True)
class LinkPlan:
    """What linking comes to: how cycles are counted from where the current one ends."""

    subscription: RemoteSubscription
    cycle: CyclePlan

    @property
    def seen(self) -> str:
        """A name for what was looked at."""
        told = self.subscription
        said = repr((told.id, told.status, told.period_end, self.cycle.rule, self.cycle.ends_at))
        return sha256(said.encode()).hexdigest()[:16]


def plan_link(
    organization: Organization, invoice: Invoice, remote: RemoteSubscription, *, now: datetime
) -> LinkPlan:
    """Return what linking to `remote` comes to for the current `invoice`; nothing is changed.

    Raises Conflict or Invalid for a subscription that cannot be followed.
    """
    _check(organization, remote)
    return LinkPlan(remote, _plan_cycle(organization, invoice, remote, now))


@dataclass(frozen=True, slots=True)
class LinkPreview:
    """What linking would do, in periods and fees."""

    plan: LinkPlan
    cycle: CyclePreview


def preview_link(
    organization: Organization, remote: RemoteSubscription, *, now: datetime
) -> LinkPreview:
    """Return what `link_subscription` would do at `now`; raises what it would."""
    plan = plan_link(organization, current_invoice(organization), remote, now=now)
    wanted = _wanted(remote, ends_early=plan.cycle.is_early)
    return LinkPreview(plan, preview_cycle(organization, wanted, now=now))


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


def link_subscription(
    organization: Organization,
    remote: RemoteSubscription,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
    seen: str | None = None,
) -> bool:
    """Bill the organization on the invoices of `remote`, just read; return whether that is new.

    `seen` is the `LinkPlan.seen` of what the actor looked at. Raises Stale when that has moved,
    Conflict, Invalid, and what a change of the cycle raises.
    """
    lock_row(organization)
    if organization.stripe_subscription_id == remote.id:
        return False
    plan = plan_link(organization, current_invoice(organization), remote, now=now)
    if seen is not None and seen != plan.seen:
        raise Stale(
            f"The subscription or the cycle is another one since you looked. {NOTHING} Look at it "
            "again, then link it."
        )
    before = rule_now(organization)
    _move_cycle(organization, remote, plan.cycle, actor=actor, now=now)
    organization.stripe_subscription_id = remote.id
    organization.subscription = state_of(remote, now=now)
    facts = {"subscription": remote.id, "anchor_at_before": before.anchor.isoformat()}
    facts |= {"period_end": remote.period_end.isoformat()}
    write_entry("organization.linked", organization, actor, facts, reason=reason, now=now)
    return True


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
            plan = _plan_cycle(organization, invoice, remote, now)
            _move_cycle(organization, remote, plan, actor=STRIPE, now=now)
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


def _check(organization: Organization, remote: RemoteSubscription) -> None:
    if organization.stripe_subscription_id not in (None, remote.id):
        raise Conflict(
            f"{organization.slug} is billed with {organization.stripe_subscription_id}. {NOTHING} "
            "Unlink that first."
        )
    holder = linked_to(remote.id)
    if holder not in (None, organization.id):
        raise Conflict(f"{remote.id} is linked to another organization. {NOTHING}")
    if remote.customer_id != organization.stripe_customer_id:
        raise Invalid(
            f"{remote.id} is of another customer at Stripe than {organization.slug}. {NOTHING} "
            "Choose a subscription of its own customer.",
            field="subscription",
        )
    if remote.currency != organization.currency:
        raise Invalid(
            f"{remote.id} is in {remote.currency.upper()}, and {organization.slug} is billed in "
            f"{organization.currency.upper()}. {NOTHING}",
            field="subscription",
        )
    if organization.automatic_tax:
        raise Conflict(
            f"Stripe works out the tax of the bills of {organization.slug}, which it does for no "
            f"single line of a subscription's invoice. {NOTHING} Switch automatic tax off first."
        )
    if remote.automatic_tax:
        raise Conflict(
            f"Stripe works out the tax of the invoices of {remote.id}, and it would for our items "
            f"too. {NOTHING} Bill the organization alone."
        )
    if remote.status not in RENEWING:
        raise Conflict(f"{remote.id} is {remote.status}, so it brings no invoices. {NOTHING}")
    _rule(remote)


def _rule(remote: RemoteSubscription) -> CycleRule:
    rule = rule_of_subscription(remote)
    if rule is None:
        raise Invalid(
            f"The periods of {remote.id} are not a week, a month, a quarter or a year, or its "
            f"items have several. {NOTHING} Only such can be followed.",
            field="subscription",
        )
    return rule


def _plan_cycle(
    organization: Organization, invoice: Invoice, remote: RemoteSubscription, now: datetime
) -> CyclePlan:
    """Return how the cycle is made to end with the subscription's, at once where that can be."""
    try:
        return plan_change(organization, invoice, _wanted(remote, ends_early=True), now=now)
    except Invalid as error:
        if error.facts.get("field") != "takes_effect":
            raise
    return plan_change(organization, invoice, _wanted(remote, ends_early=False), now=now)


def _wanted(remote: RemoteSubscription, *, ends_early: bool) -> CycleWanted:
    rule = _rule(remote)
    return CycleWanted(rule.interval, rule.zone, rule.anchor, ends_early=ends_early, follows=True)


def _move_cycle(
    organization: Organization,
    remote: RemoteSubscription,
    plan: CyclePlan,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    if plan.is_new:
        wanted = _wanted(remote, ends_early=plan.is_early)
        why = f"Its cycle follows {remote.id}."
        change_cycle(organization, wanted, reason=why, actor=actor, now=now)

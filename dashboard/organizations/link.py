"""Linking an organization to the subscription on whose invoices it is billed.

What is current when it is linked is billed as before, by its own invoice; the cycles that begin
after that wait for the subscription's (`billing.subscription`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.billing.current import current_invoice
from dashboard.billing.locks import lock_row
from dashboard.billing.models import Invoice
from dashboard.billing.subscription import RENEWING, state_of
from dashboard.errors import Conflict, Invalid, Stale
from dashboard.gateway.errors import Missing
from dashboard.gateway.protocol import Gateway
from dashboard.gateway.subscription_records import RemoteSubscription
from dashboard.organizations.cycle import CyclePlan, rule_now
from dashboard.organizations.cycle_preview import CyclePreview, preview_cycle
from dashboard.organizations.models import Organization
from dashboard.organizations.subscription import (
    NOTHING,
    linked_to,
    move_cycle,
    plan_cycle,
    rule_followed,
    wanted_by,
)


def read_subscription(gateway: Gateway, subscription_id: str) -> RemoteSubscription:
    """Read the subscription that somebody names; raises Invalid where there is none."""
    try:
        return gateway.subscription(subscription_id)
    except Missing as error:
        raise Invalid(
            f"Stripe has no subscription {subscription_id} in this account. {NOTHING}",
            field="subscription",
        ) from error


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
    return LinkPlan(remote, plan_cycle(organization, invoice, remote, now))


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
    wanted = wanted_by(remote, ends_early=plan.cycle.is_early)
    return LinkPreview(plan, preview_cycle(organization, wanted, now=now))


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
    move_cycle(organization, remote, plan.cycle, actor=actor, now=now)
    organization.stripe_subscription_id = remote.id
    organization.subscription = state_of(remote, now=now)
    facts = {"subscription": remote.id, "anchor_at_before": before.anchor.isoformat()}
    facts |= {"period_end": remote.period_end.isoformat()}
    write_entry("organization.linked", organization, actor, facts, reason=reason, now=now)
    return True


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
    rule_followed(remote)

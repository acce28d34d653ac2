"""Change how long an organization's cycles are, by whose calendar, and from when they count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload, selectinload

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.billing.bounds import check_fees, most_times
from dashboard.billing.close import end_cycle
from dashboard.billing.cycle_rule import check_rule
from dashboard.billing.locks import lock_row
from dashboard.billing.models import Invoice
from dashboard.billing.period import SHORTEST, Cycle, CycleRule, in_utc, whole_second
from dashboard.billing.policy import current_policy
from dashboard.billing.roll import open_invoices
from dashboard.errors import Conflict, Invalid, Stale
from dashboard.extensions import db
from dashboard.intervals import EVERY
from dashboard.organizations.models import Organization
from dashboard.pricing.models import Price
from dashboard.services.models import Service

# Usage that is under way was accepted for the cycle as it was: it ends not before that is through.
NOTICE = timedelta(hours=1)
MONTHS_OF_A_YEAR = 12


@dataclass(frozen=True, slots=True)
class CycleWanted:
    """How the next cycles are to be counted.

    Without an anchor from the end of the current one, or as so far where only that is asked. With
    `ends_early` the current cycle is made shorter: it ends with the first of the new boundaries.
    """

    interval: str
    zone: str = "UTC"
    anchor_at: datetime | None = None
    ends_early: bool = False
    # Because the subscription that leads it says so.
    follows: bool = False


@dataclass(frozen=True, slots=True)
class CyclePlan:
    """What a change comes to: the rule from `ends_at` on, where the current cycle ends.

    `following` is the first cycle by it.
    """

    rule: CycleRule
    ends_at: datetime
    is_early: bool
    is_new: bool
    following: Cycle


def change_cycle(
    organization: Organization,
    wanted: CycleWanted,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
    seen: str | None = None,
) -> CyclePlan:
    """Count the organization's cycles as `wanted` from the end of the current one on.

    The same again changes nothing. `seen` is the `fingerprint` of what the actor looked at. Raises
    Stale when that has moved, Invalid for what cannot be, FeeDoesNotFit and AmountTooLarge for fees
    that cannot be billed in such cycles. Conflict for one that a subscription leads, unless
    it `follows` that.
    """
    lock_row(organization)
    if not wanted.follows:
        refuse_linked(organization)
    locked = open_invoices([organization], now=now)
    invoice = next(one for one in locked if one.status == "draft")
    plan = plan_change(organization, invoice, wanted, now=now)
    if not plan.is_new:
        return plan
    if seen is not None and seen != fingerprint(organization, invoice, plan):
        raise Stale(
            "The cycle, or what the change comes to, is another one since you looked. Nothing was "
            "changed. Look at it again, then make your change."
        )
    check_services(organization, plan)
    before = _facts(rule_now(organization))
    if plan.is_early:
        end_cycle(invoice, plan.ends_at, now=now, by=actor)
        # Books that are kept have the cycle with its old end: they hold no more.
        organization.services_revision += 1
    rule = plan.rule
    organization.cycle_interval, organization.cycle_zone = rule.interval, rule.zone
    organization.cycle_anchor_at = rule.anchor
    facts = {**_facts(rule), "begins_at": plan.ends_at.isoformat()}
    facts |= {f"{name}_before": value for name, value in before.items()}
    if plan.is_early:
        facts["ends_early_at"] = plan.ends_at.isoformat()
    write_entry("organization.cycle_changed", organization, actor, facts, reason=reason, now=now)
    return plan


def plan_change(
    organization: Organization, invoice: Invoice, wanted: CycleWanted, *, now: datetime
) -> CyclePlan:
    """Return what the change comes to for the current `invoice`; nothing is changed.

    Raises Conflict for a cycle that is over, Invalid.
    """
    check_rule(wanted.interval, wanted.zone)
    if invoice.period_end <= now:
        raise Conflict("The cycle has just ended. Nothing was changed. Try again in a moment.")
    known = rule_now(organization)
    rule = CycleRule(_anchor(known, invoice.period_end, wanted), wanted.interval, wanted.zone)
    ends_at = _first_boundary(rule, invoice, now) if wanted.ends_early else None
    is_early = ends_at is not None and ends_at < invoice.period_end
    is_new = is_early or rule != known
    if is_new and wanted.ends_early and not is_early:
        raise Invalid(
            f"The current cycle ends {_told(invoice.period_end)}, before a new one could begin. "
            "Nothing was changed. Change it at the end of the cycle.",
            field="takes_effect",
        )
    ends = ends_at if ends_at is not None and is_early else invoice.period_end
    return CyclePlan(rule, ends, is_early, is_new, rule.following(ends))


def refuse_linked(organization: Organization) -> None:
    """Raise Conflict for an organization whose cycle follows a subscription."""
    if organization.stripe_subscription_id is not None:
        raise Conflict(
            f"The cycle of {organization.slug} follows {organization.stripe_subscription_id}. "
            "Nothing was changed. Change that at Stripe, or unlink it first."
        )


def rule_now(organization: Organization) -> CycleRule:
    """Return how its next cycle is counted as things stand."""
    return CycleRule(
        organization.cycle_anchor_at, organization.cycle_interval, organization.cycle_zone
    )


def fingerprint(organization: Organization, invoice: Invoice, plan: CyclePlan) -> str:
    """Return a name for how cycles are counted now, for the current one, and what is to become.

    Where a shortened cycle ends depends on the hour in which it is asked.
    """
    known = (rule_now(organization), invoice.cycle_id, invoice.period_end)
    said = repr((known, plan.rule, plan.ends_at))
    return sha256(said.encode()).hexdigest()[:16]


def check_services(organization: Organization, plan: CyclePlan) -> None:
    """Raise FeeDoesNotFit or AmountTooLarge if a fee cannot be billed in the new cycles.

    Of all services that the next cycle is rated with: `recurring_services` has the same bounds.
    """
    query = (
        select(Service)
        .join(Service.price)
        .where(
            Service.organization_id == organization.id,
            Price.kind == "recurring",
            or_(Service.detached_at.is_(None), Service.detached_at >= plan.ends_at),
        )
        .order_by(Service.id)
        .options(
            joinedload(Service.price).selectinload(Price.versions), selectinload(Service.changes)
        )
    )
    for service in db.session.scalars(query):
        times = most_times(service.price, [plan.rule.interval])
        for change in service.changes:
            versions = service.price.versions
            check_fees(versions, change.quantity, since=plan.ends_at, times=times)


def _anchor(known: CycleRule, end: datetime, wanted: CycleWanted) -> datetime:
    if wanted.anchor_at is not None:
        # As it is stored: a midnight that the zone leaves out equals no instant of another zone.
        return whole_second(in_utc(wanted.anchor_at))
    is_same = (known.interval, known.zone) == (wanted.interval, wanted.zone)
    return known.anchor if is_same or wanted.ends_early else _on_its_day(known, end, wanted)


def _on_its_day(known: CycleRule, end: datetime, wanted: CycleWanted) -> datetime:
    """Return an anchor that has a cycle begin at `end`, and keeps the day of the one before.

    From 28 February months that were counted from the 31st go on to 31 May, and not to the 28th.
    """
    first = known.containing(end)
    for k in range(first.index, first.index + MONTHS_OF_A_YEAR + 1) if first.start == end else ():
        anchor = known.boundary(k)
        rule = CycleRule(anchor, wanted.interval, wanted.zone)
        is_on_it = known.day_of(anchor) == known.day_of(known.anchor)
        if is_on_it and rule.containing(end).start == end:
            return anchor
    return end


def _first_boundary(rule: CycleRule, invoice: Invoice, now: datetime) -> datetime:
    """Return where the current cycle can end by the new rule at the earliest."""
    notice = now + current_policy().max_skew + NOTICE
    earliest = max(notice, invoice.cycle.starts_at + SHORTEST, invoice.period_start + SHORTEST)
    found = rule.containing(earliest)
    return found.start if found.start == earliest else found.end


def _facts(rule: CycleRule) -> dict[str, str]:
    return {
        "every": EVERY[rule.interval].lower(),
        "zone": rule.zone,
        "anchor_at": rule.anchor.isoformat(),
    }


def _told(at: datetime) -> str:
    return f"{at:%-d %b %Y, %H:%M} UTC"

"""What a change of the cycle would do, in periods and fees; nothing is locked or changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dashboard.billing.cause import Cause
from dashboard.billing.current import current_invoice
from dashboard.billing.cycle_models import BillingCycle
from dashboard.billing.fold import count_now
from dashboard.billing.models import Invoice
from dashboard.billing.period import Cycle, Period
from dashboard.billing.recurring import fee_chains, fees, recurring_services
from dashboard.billing.roll_preview import closed_at
from dashboard.organizations.cycle import (
    CyclePlan,
    CycleWanted,
    check_services,
    fingerprint,
    plan_change,
    refuse_linked,
    rule_now,
)
from dashboard.organizations.models import Organization
from dashboard.rehearsal import rehearsal


@dataclass(frozen=True, slots=True)
class FeeLine:
    """A fee of a cycle, in minor units."""

    description: str
    cents: int


@dataclass(frozen=True, slots=True)
class CycleFees:
    """A cycle to come, and the fees of what is attached now."""

    cycle: Cycle
    lines: tuple[FeeLine, ...]

    @property
    def period(self) -> Period:
        """When it is."""
        return self.cycle.period

    @property
    def is_part(self) -> bool:
        """Whether it is a part of a whole cycle, and costs that part."""
        return self.cycle.period.seconds < self.cycle.whole_seconds

    @property
    def cents(self) -> int:
        """What its fees come to."""
        return sum(line.cents for line in self.lines)


@dataclass(frozen=True, slots=True)
class CyclePreview:
    """What a change would do.

    `current` is the current invoice's period with it, and its cents before and after. `following`
    are the cycles after that, up to the first whole one; `without` is the next one as it would be.
    """

    plan: CyclePlan
    current: Period
    ended_at: datetime
    before_cents: int
    after_cents: int
    following: tuple[CycleFees, ...]
    without: CycleFees
    currency: str
    seen: str


def preview_cycle(
    organization: Organization, wanted: CycleWanted, *, now: datetime
) -> CyclePreview:
    """Return what `change_cycle` would do at `now`; raises what it would."""
    refuse_linked(organization)
    count_now(organization.id, now=now)
    invoice = current_invoice(organization)
    plan = plan_change(organization, invoice, wanted, now=now)
    check_services(organization, plan)
    following = [_fees(organization, plan.rule.interval, plan.following)]
    if following[0].is_part:
        whole = plan.rule.following(plan.following.period.end)
        following.append(_fees(organization, plan.rule.interval, whole))
    known = rule_now(organization)
    return CyclePreview(
        plan=plan,
        current=Period(invoice.period_start, plan.ends_at),
        ended_at=invoice.period_end,
        before_cents=invoice.total_cents,
        after_cents=_ended(invoice, plan, now) if plan.is_early else invoice.total_cents,
        following=tuple(following),
        without=_fees(organization, known.interval, known.following(invoice.period_end)),
        currency=organization.currency,
        seen=fingerprint(organization, invoice, plan),
    )


def _ended(invoice: Invoice, plan: CyclePlan, now: datetime) -> int:
    """Return what the current invoice comes to if it ends early."""
    chains = fee_chains(invoice.organization_id, [invoice.cycle])
    with rehearsal():
        items = closed_at(invoice, plan.ends_at, Cause.cycle(now), chains)
        return sum(item.billed_cents for item in items)


def _fees(organization: Organization, interval: str, cycle: Cycle) -> CycleFees:
    """Return the fees of a cycle that is not there yet."""
    made = BillingCycle.made(organization.id, 0, interval, cycle)
    services = recurring_services(organization.id, cycle.period)
    lines = (
        FeeLine(fee.version.price.name, fee.until(made.ends_at).amount_cents)
        for fee in fees(services, [made])
    )
    by_name: dict[str, int] = {}
    for line in lines:
        by_name[line.description] = by_name.get(line.description, 0) + line.cents
    return CycleFees(cycle, tuple(FeeLine(name, cents) for name, cents in by_name.items()))

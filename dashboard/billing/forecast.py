"""What the current invoice will come to: fees are known, usage goes on as it went so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from sqlalchemy import func, select

from dashboard.billing.chain import Chains
from dashboard.billing.metered import Usage, counted_together
from dashboard.billing.models import Invoice
from dashboard.billing.period import Period
from dashboard.extensions import db
from dashboard.pricing.exact import EXACT, total
from dashboard.pricing.rating import rate_cycle
from dashboard.services.models import Service

# With less of the cycle seen than this the pace says little.
ROUGH_SECONDS = 86_400
_PLACES = 12


@dataclass(frozen=True, slots=True)
class Forecast:
    """The expected total in minor units, and the part of it that is owed already.

    `usage_cents` is how much of the difference comes from further usage. `is_rough` early in the
    cycle.
    """

    cents: int
    so_far_cents: int
    is_rough: bool

    @property
    def usage_cents(self) -> int:
        """What is expected on top of what is owed already."""
        return self.cents - self.so_far_cents


def forecast(invoice: Invoice, *, now: datetime) -> Forecast:
    """Return what the invoice will come to at the end of its period; three queries at most.

    Only a draft moves: recurring fees and adjustments stand, the usage of its own cycle is
    extrapolated at the pace so far and rated with its tiers and allowance.
    """
    so_far = invoice.total_cents
    if invoice.status != "draft" or now >= invoice.period_end:
        return Forecast(so_far, so_far, is_rough=False)
    chains = Chains.load("metered", {invoice.organization_id}, {invoice.cycle_id})
    began = _began(invoice)
    more = sum(
        _at_the_end(usages, chains, invoice, _Ahead(began, now, invoice.period_end))
        for usages in counted_together(invoice.cycle, chains.items())
    )
    # The items that count already are part of what is expected.
    more -= sum(item.amount_cents for item in chains.items() if item.invoice_id == invoice.id)
    seen = (now - began).total_seconds()
    return Forecast(so_far + more, so_far, is_rough=seen < ROUGH_SECONDS)


def _began(invoice: Invoice) -> datetime:
    """Return since when usage could be seen: the first cycle counts from when it was opened.

    A service attached for a time before that brings the usage of that time along.
    """
    start = invoice.cycle.starts_at
    if invoice.sequence != 1:
        return start
    of_organization = Service.organization_id == invoice.organization_id
    attached = db.session.scalar(select(func.min(Service.attached_at)).where(of_organization))
    return max(start, min(invoice.created_at, attached or invoice.created_at))


@dataclass(frozen=True, slots=True)
class _Ahead:
    """Usage was seen from `began` to `now`; what goes on to `ends` is expected."""

    began: datetime
    now: datetime
    ends: datetime


def _at_the_end(usages: Sequence[Usage], chains: Chains, invoice: Invoice, ahead: _Ahead) -> int:
    """Return what the invoice will bill of one price, under all its versions together."""
    units = [total(link.item.quantity for link in chains.of(usage.key)) for usage in usages]
    expected = _expected(usages, units, ahead)
    rated = rate_cycle(
        [(usage.version.terms, count) for usage, count in zip(usages, expected, strict=True)]
    )
    owed = [everything.amount_cents for everything in rated]
    before = [
        chains.before(usage.key, invoice, cents).cents
        for usage, cents in zip(usages, owed, strict=True)
    ]
    return sum(owed) - sum(before)


def _expected(usages: Sequence[Usage], units: Sequence[Decimal], ahead: _Ahead) -> list[Decimal]:
    """Return each version's units at the end if all go on at the pace of the time seen.

    The pace is the price's: a version that takes effect later gets what is used from then on.
    """
    seen = Period(max(usages[0].window.start, ahead.began), ahead.now).seconds
    if seen <= 0:
        return list(units)
    pace = Fraction(total(units)) / seen
    seconds = [
        Period(max(ahead.now, usage.window.start), min(usage.window.end, ahead.ends)).seconds
        for usage in usages
    ]
    return [
        EXACT.add(count, EXACT.scaleb(Decimal(int(pace * max(rest, 0) * 10**_PLACES)), -_PLACES))
        for count, rest in zip(units, seconds, strict=True)
    ]

"""What the current invoice will come to: fees are known, usage goes on as it went so far."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from sqlalchemy import func, select

from dashboard.billing.chain import Chains
from dashboard.billing.metered import Usage, usage_of
from dashboard.billing.models import Invoice
from dashboard.billing.period import Period
from dashboard.extensions import db
from dashboard.pricing.exact import EXACT, total
from dashboard.pricing.rating import rate_metered
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
    more = 0
    for usage in usage_of(chains.items()):
        item = chains.on(usage.key, invoice)
        if item is not None:
            units = total(link.item.quantity for link in chains.of(usage.key))
            expected = _expected(usage, units, began, invoice.period_end, now)
            rated = rate_metered(usage.version.terms, expected)
            before = chains.before(usage.key, invoice, rated.amount_cents)
            more += rated.amount_cents - before.cents - item.amount_cents
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


def _expected(
    usage: Usage, units: Decimal, began: datetime, ends: datetime, now: datetime
) -> Decimal:
    """Return the units at the end of the cycle if they go on at the pace of the time seen."""
    window = usage.window
    seen = Period(max(window.start, began), min(now, window.end)).seconds
    ahead = Period(now, min(window.end, ends)).seconds
    if seen <= 0 or ahead <= 0:
        return units
    more = Fraction(units) * ahead / seen
    return EXACT.add(units, EXACT.scaleb(Decimal(int(more * 10**_PLACES)), -_PLACES))

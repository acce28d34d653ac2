"""What the current invoice will come to: fees are known, usage is expected, and how surely.

The method was chosen by its error on simulated histories: docs/decisions/forecast.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple, Protocol

from sqlalchemy import ColumnElement, func, literal, or_, select

from dashboard.billing.chain import ChainKey, Chains
from dashboard.billing.habit import LastCycle
from dashboard.billing.habits import last_cycle_before
from dashboard.billing.metered import counted_together
from dashboard.billing.models import Invoice
from dashboard.billing.outlook import (
    NOBODY,
    Attached,
    Count,
    Seen,
    Share,
    SoFar,
    outlook,
)
from dashboard.extensions import db
from dashboard.money import round_charge
from dashboard.pricing.exact import EXACT
from dashboard.pricing.rating import AmountTooLarge
from dashboard.services.models import Service

# With less of the cycle seen than this nobody is told a figure: it appears on the third day.
TOO_EARLY = timedelta(days=2)
# Without a cycle before there is only what was seen: a week of it.
TOO_EARLY_AT_FIRST = timedelta(days=7)
# What is in no forecast: nobody can know it, or it is Stripe's.
EXCLUDED = ("tax", "later charges and credits", "lines added at Stripe")


@dataclass(frozen=True, slots=True)
class Forecast:
    """The total to expect, in minor units: from low to high in four futures of five.

    `so_far_cents` is owed already. `is_too_early`: the figures say little yet and are not to be
    shown as what will be; from `tells_at` on they are. There is no such time where no line could
    hold what is to be expected. `excluded` names what is in none.
    """

    likely_cents: int
    low_cents: int
    high_cents: int
    so_far_cents: int
    last_cycle_cents: int | None = None
    is_too_early: bool = False
    tells_at: datetime | None = None
    excluded: tuple[str, ...] = EXCLUDED

    @property
    def is_certain(self) -> bool:
        """Whether nothing in it is estimated."""
        return not self.is_too_early and self.low_cents == self.high_cents

    @property
    def is_beyond(self) -> bool:
        """Whether no line could hold what is to be expected."""
        return self.is_too_early and self.tells_at is None

    @property
    def usage_cents(self) -> int:
        """What is likely on top of what is owed already."""
        return self.likely_cents - self.so_far_cents


class Billed(Protocol):
    """The columns of an invoice that a forecast reads."""

    @property
    def status(self) -> str:
        """The status; only a draft's total still moves."""

    @property
    def currency(self) -> str:
        """What its amounts are in."""

    @property
    def period_end(self) -> datetime:
        """When its period ends, in UTC."""

    @property
    def total_cents(self) -> int:
        """What is owed already."""


class Basis(NamedTuple):
    """What the forecast of a draft is made of: what was seen, of which prices, and their habits."""

    seen: Seen
    counts: Sequence[Count]
    so_far: SoFar
    last: LastCycle


def forecast(invoice: Invoice, *, now: datetime) -> Forecast:
    """Return what the invoice will come to at the end of its period; four queries at most."""
    if not is_moving(invoice, now):
        return settled(invoice, _last(invoice))
    return extrapolate(invoice, *basis_of(invoice, now=now))


def basis_of(invoice: Invoice, *, now: datetime) -> Basis:
    """Return what the forecast of a draft is made of."""
    chains = Chains.load("metered", {invoice.organization_id}, {invoice.cycle_id})
    attached = _attached(invoice)
    counts = [
        Count(
            usages[0].count.price_id,
            [Share(usage.key, usage.window, usage.version.terms) for usage in usages],
            attached.get(usages[0].count.price_id, NOBODY),
        )
        for usages in counted_together(invoice.cycle, chains.items())
    ]
    began = _began(invoice, attached.values())
    seen = Seen(invoice.cycle.starts_at, began, now, invoice.period_end)
    return Basis(seen, counts, so_far_of(invoice, chains), _last(invoice))


def _last(invoice: Invoice) -> LastCycle:
    is_first = invoice.cycle.sequence == 1
    return LastCycle() if is_first else last_cycle_before(invoice.cycle)


def is_moving(invoice: Billed, now: datetime) -> bool:
    """Whether the invoice may still come to something else by itself."""
    return invoice.status == "draft" and now < invoice.period_end


def settled(invoice: Billed, last: LastCycle) -> Forecast:
    """Return the forecast of an invoice that comes to what it is."""
    cents = invoice.total_cents
    return Forecast(cents, cents, cents, cents, last.cents)


def extrapolate(
    invoice: Billed, seen: Seen, counts: Sequence[Count], so_far: SoFar, last: LastCycle
) -> Forecast:
    """Return what a draft comes to with the usage that is to be expected of its own cycle.

    Fees, charges and credits stand as they are, known to the cent.
    """
    known = invoice.total_cents - so_far.cents
    early = TOO_EARLY if last.habits else TOO_EARLY_AT_FIRST
    try:
        usage = outlook(counts, so_far, seen, last.habits)
    except AmountTooLarge:
        # The pace of the first seconds, or of what nobody uses that much of: no line could hold
        # it. What is owed stands, and is nothing to fail for.
        cents = invoice.total_cents
        return Forecast(cents, cents, cents, cents, last.cents, is_too_early=True)
    likely = known + usage.likely
    # What may come or not is so many cents; a bill of this currency is never that.
    likely, low, high = (
        round_charge(cents, invoice.currency)
        for cents in (likely, likely - usage.below, likely + usage.above)
    )
    return Forecast(
        likely,
        low,
        high,
        invoice.total_cents,
        last.cents,
        seen.now - seen.began < early and bool(usage.below or usage.above),
        seen.began + early,
    )


def so_far_of(invoice: Invoice, chains: Chains) -> SoFar:
    """Return the usage in `chains`, which hold the metered items of the invoice's cycle."""
    units: dict[ChainKey, Decimal] = {}
    for item in chains.items():
        key = ChainKey(item.cycle_id, item.price_version_id, item.service_id)
        units[key] = EXACT.add(units.get(key, Decimal(0)), item.quantity)
    return SoFar(
        units,
        sum(item.amount_cents for item in chains.items() if item.invoice_id == invoice.id),
        lambda key, cents: chains.before(key, invoice, cents).cents,
    )


def began_at(starts_at: datetime, created_at: datetime, attached_at: datetime | None) -> datetime:
    """Return since when usage could be seen in an organization's first cycle: since it was opened.

    A service attached for a time before that brings the usage of that time along.
    """
    return max(starts_at, min(created_at, attached_at or created_at))


def attached_in(
    starts_at: ColumnElement[datetime],
) -> tuple[ColumnElement[datetime], ColumnElement[bool]]:
    """Return the columns of `Attached`, over the services of a price, for a cycle's start."""
    was = or_(Service.detached_at.is_(None), Service.detached_at > starts_at)
    return func.min(Service.attached_at).filter(was), func.bool_or(Service.detached_at.is_(None))


def _attached(invoice: Invoice) -> dict[int, Attached]:
    query = (
        select(Service.price_id, *attached_in(literal(invoice.cycle.starts_at)))
        .where(Service.organization_id == invoice.organization_id)
        .group_by(Service.price_id)
    )
    rows = db.session.execute(query)
    return {price_id: Attached(since, is_going_on) for price_id, since, is_going_on in rows}


def _began(invoice: Invoice, attached: Iterable[Attached]) -> datetime:
    start = invoice.cycle.starts_at
    if invoice.sequence != 1:
        return start
    first = min((one.since for one in attached if one.since is not None), default=None)
    return began_at(start, invoice.created_at, first)

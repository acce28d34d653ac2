"""Two bills side by side: two invoices, or this cycle and the last one at the same point."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import ARRAY, BigInteger, any_, func, or_, select

from dashboard.billing.models import Invoice
from dashboard.reading.billed_parts import Part, parts_of_invoices
from dashboard.reading.differences import (
    Difference,
    by_item,
    by_product,
    by_service,
    differences,
    shared_out,
)
from dashboard.reading.movers import SinceLastCycle
from dashboard.reading.same_point import used_at
from dashboard.reading.used_by import UsedBy, used_by
from dashboard.statement import Statement, parameter

# As many rows as anybody reads; what is beyond them is one.
MOST = 200
RECENT = 37
OF = {"product": by_product, "service": by_service, "item": by_item}


@dataclass(frozen=True, slots=True)
class Compared:
    """The differences, the largest first; `rest` holds those beyond the `MOST` largest."""

    rows: Sequence[Difference]
    rest: Difference
    before_cents: int
    after_cents: int

    @property
    def cents(self) -> int:
        """How much more the second is."""
        return self.after_cents - self.before_cents


class ToCompare(NamedTuple):
    """An invoice that may be chosen."""

    sequence: int
    number: str | None
    status: str
    period_start: datetime
    period_end: datetime
    total_cents: int


def invoices_to_compare(organization_id: int, also: Sequence[int]) -> list[ToCompare]:
    """Return the current invoice and those before, `also` older ones; the newest first.

    One statement.
    """
    rows = _RECENT.rows(organization=organization_id, also=list(also))
    return [ToCompare._make(row) for row in rows]


def compared_invoices(
    organization_id: int, sequences: tuple[int, int], way: str, price_id: int | None
) -> Compared:
    """Compare two invoices of an organization; two statements at most."""
    parts = parts_of_invoices(organization_id, sequences)
    used: list[UsedBy] = []
    if way == "service":
        cycles = {part.of_cycle_id for part in parts}
        used = used_by(organization_id, cycles, date.max)
    before, after = ([part for part in parts if part.sequence == one] for one in sequences)
    return compared(before, after, used, way, price_id)


def compared_cycles(found: SinceLastCycle, way: str, price_id: int | None) -> Compared:
    """Compare this cycle with the last one at the same point."""
    used = [
        one._replace(before=used_at(one, found.at), on=Decimal(0), after=Decimal(0))
        if one.cycle_id == found.last.id
        else one
        for one in found.used
    ]
    return compared(found.before, found.after, used, way, price_id)


def compared(
    before: Iterable[Part],
    after: Iterable[Part],
    used: Sequence[UsedBy],
    way: str,
    price_id: int | None,
) -> Compared:
    """Return the differences, `way` one of `WAYS`; of one price only, if told of it."""
    first, second = list(before), list(after)
    if price_id is not None:
        first, second = (
            [part for part in side if part.price_id == price_id] for side in (first, second)
        )
    if way == "service":
        first, second = shared_out(first, used), shared_out(second, used)
    every = differences(first, second, OF[way])
    rest = Difference("Everything else")
    for one in every[MOST:]:
        rest.before += one.before
        rest.after += one.after
    before_cents, after_cents = (sum(part.cents for part in side) for side in (first, second))
    return Compared(every[:MOST], rest, before_cents, after_cents)


_invoice, _newest = Invoice.__table__, Invoice.__table__.alias("newest")
_organization = parameter("organization", BigInteger)
_highest = select(func.max(_newest.c.sequence)).where(_newest.c.organization_id == _organization)
_RECENT = Statement(
    select(*(_invoice.c[name] for name in ToCompare._fields))
    .where(
        _invoice.c.organization_id == _organization,
        or_(
            _invoice.c.sequence > _highest.scalar_subquery() - RECENT,
            _invoice.c.sequence == any_(parameter("also", ARRAY(BigInteger))),
        ),
    )
    .order_by(_invoice.c.sequence.desc())
)

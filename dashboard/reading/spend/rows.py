"""What a spend chart is drawn from: the cycles it reaches over, their usage and their items."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from dashboard.pricing.terms import Terms
from dashboard.reading.rows import CurrentInvoice
from dashboard.reading.spend.statement import SPEND


class Cycle(NamedTuple):
    """A nominal cycle, `[starts_at, ends_at)`."""

    id: int
    starts_at: datetime
    ends_at: datetime


class Billed(NamedTuple):
    """An item of these cycles, or of the current invoice.

    `stretches`: the segments of a fee whose quantity changed, as its explanation has them. `key`
    and what it `reverses` are of a charge or credit alone.
    """

    kind: str
    invoice_id: int
    cycle_id: int
    price_id: int | None
    service_id: int | None
    cents: int
    starts_at: datetime
    ends_at: datetime
    added_on: date
    stretches: list[dict[str, Any]] | None
    key: str
    reverses: str | None


class Used(NamedTuple):
    """Units of a day; the service only where it was asked for."""

    cycle_id: int
    version_id: int
    service_id: int | None
    day: date
    units: Decimal


class Rated(NamedTuple):
    """A version of a price that counts usage."""

    id: int
    price_id: int
    effective_at: datetime
    terms: Terms


class Sold(NamedTuple):
    """What a price is called and listed under."""

    id: int
    name: str
    product: str


@dataclass(frozen=True, slots=True)
class SpendRows:
    """The rows, cycles and versions the earliest first; readers share them, so they are only read.

    `rated`: what was made of them, by cycle and currency; it depends on nothing else.
    """

    cycles: list[Cycle]
    items: list[Billed]
    used: list[Used]
    versions: list[Rated]
    prices: dict[int, Sold]
    services: dict[int, str]
    rated: dict[tuple[int, str], Any] = field(default_factory=dict)


EVER = datetime(1900, 1, 1, tzinfo=UTC)
# Of so many charts. One of ten meters over two months takes 20 kB, and its rows ten times that.
_MOST, _LONGEST = 32, 100_000


def read_spend(
    invoice: CurrentInvoice, *, cycles_before: int, by_service: bool, since: datetime = EVER
) -> SpendRows:
    """Return what the current invoice, its cycle and so many before it come to.

    Of those before it the ones that end after `since`.
    What was made of the same answer is kept: whatever changes it is in it.
    """
    row = SPEND.row(
        organization=invoice.organization_id,
        invoice=invoice.id,
        cycle=invoice.cycle_id,
        back=cycles_before,
        since=since,
        services=by_service,
    )
    texts = tuple(part or "[]" for part in row or ("",) * 6)
    return (_kept if sum(map(len, texts)) <= _LONGEST else _rows_of)(texts)


def _rows_of(texts: Sequence[str]) -> SpendRows:
    cycles, items, used, versions, prices, services = map(json.loads, texts)
    return SpendRows(
        [Cycle(one, _at(start), _at(end)) for one, start, end in cycles],
        [
            Billed._make((*ids, cents, _at(start), _at(end), _day(day), parts, *keys))
            for *ids, cents, start, end, day, parts, keys in items
        ],
        [Used._make((*ids, _day(day), Decimal(units))) for *ids, day, units in used],
        [Rated(one, price, _at(start), _terms(terms)) for one, price, start, *terms in versions],
        {one: Sold(one, name, product) for one, name, product in prices},
        dict(services),
    )


_kept = lru_cache(_MOST)(_rows_of)
_at, _day = datetime.fromisoformat, date.fromisoformat


class _Version(NamedTuple):
    """The terms of a version, in the order in which the statement tells them."""

    model: str
    unit_amount: Decimal
    allowance: Decimal
    package_size: Decimal | None
    tiers: list[dict[str, Any]]
    currency: str
    unit_label: str


def _terms(told: list[Any]) -> Terms:
    model, unit_amount, allowance, size, *rest = told
    amounts = Decimal(unit_amount), Decimal(allowance), None if size is None else Decimal(size)
    return Terms.of(_Version(model, *amounts, *rest))

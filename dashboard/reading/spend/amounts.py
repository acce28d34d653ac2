"""What a cycle cost on each of its days, source by source: fees by the second, usage as rated."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from dashboard.pricing.by_day import Held, share, usage_by_day, weights_by_day
from dashboard.pricing.exact import total
from dashboard.reading.spend.rows import Billed, Cycle, Rated, SpendRows

DAY = timedelta(days=1)


class Source(NamedTuple):
    """What cost something; without a service all of the price's, or usage that named none."""

    price_id: int
    service_id: int | None


ByDay = Mapping[Source, Sequence[int]]


@dataclass(frozen=True, slots=True)
class CycleSpend:
    """The cents of each day that the cycle reaches into; a day it shares is its part of it.

    All that it costs, whichever invoices bill it.
    """

    days: list[date]
    usage: ByDay
    fees: ByDay

    def of(self, source: Source) -> Iterator[int]:
        """Yield what a source cost, day by day."""
        nothing = [0] * len(self.days)
        pairs = zip(self.usage.get(source, nothing), self.fees.get(source, nothing), strict=True)
        return (used + asked for used, asked in pairs)

    @property
    def sources(self) -> set[Source]:
        """Everything that cost something."""
        return {*self.usage, *self.fees}


def spend_of_cycle(cycle: Cycle, rows: SpendRows, currency: str) -> CycleSpend:
    """Return what `cycle` cost by day; rated once for the same rows."""
    found: CycleSpend | None = rows.rated.get((cycle.id, currency))
    if found is None:
        days = days_of(cycle.starts_at, cycle.ends_at)
        usage, fees = (one(cycle, rows, days, currency) for one in (_usage, _fees))
        found = rows.rated[cycle.id, currency] = CycleSpend(days, usage, fees)
    return found


def days_of(start: datetime, end: datetime) -> list[date]:
    """Return the UTC days that `[start, end)` reaches into."""
    first = start.astimezone(UTC).date()
    last = (end.astimezone(UTC) - timedelta.resolution).date()
    return [first + n * DAY for n in range((last - first).days + 1)]


def _usage(cycle: Cycle, rows: SpendRows, days: Sequence[date], currency: str) -> ByDay:
    units = _units(cycle, rows, days)
    counts: dict[int, list[Rated]] = defaultdict(list)
    for version in rows.versions:
        if version.id in units:
            counts[version.price_id].append(version)
    found: dict[Source, list[int]] = {}
    for price_id, versions in counts.items():
        services = [units[version.id] for version in versions]
        used = [(one.terms, _sums(held)) for one, held in zip(versions, services, strict=True)]
        for held, cents in zip(services, usage_by_day(used), strict=True):
            for service_id, part in _by_service(held, cents, currency).items():
                _add(found, Source(price_id, service_id), part)
    return found


# Of one version: the units of each day, service by service.
_Units = dict[int | None, list[Decimal]]


def _units(cycle: Cycle, rows: SpendRows, days: Sequence[date]) -> Mapping[int, _Units]:
    found: dict[int, _Units] = defaultdict(dict)
    for one in rows.used:
        if one.cycle_id == cycle.id:
            of_days = found[one.version_id].setdefault(one.service_id, [Decimal(0)] * len(days))
            # None is beyond the cycle, as usage is booked by its end; a chart fails for none.
            place = min(max((one.day - days[0]).days, 0), len(days) - 1)
            of_days[place] = total([of_days[place], one.units])
    return found


def _sums(held: _Units) -> list[Decimal]:
    if len(held) == 1:
        return next(iter(held.values()))
    return [total(units) for units in zip(*held.values(), strict=True)]


def _by_service(held: _Units, cents: list[int], currency: str) -> Mapping[int | None, list[int]]:
    """Divide each day's cents by the units of the services, whose tiers and allowance are one.

    Of a day on which others' units moved what these cost nobody has any: no service's.
    """
    if len(held) == 1:
        return {next(iter(held)): cents}
    found = {service_id: [0] * len(cents) for service_id in {**held, None: ()}}
    for day, of_day in enumerate(cents):
        weights = {one: Fraction(units[day]) for one, units in held.items() if units[day]}
        parts = share(of_day, list(weights.values()), currency) if weights else [of_day]
        for service_id, part in zip(weights or [None], parts, strict=True):
            found[service_id][day] = part
    return found


def _fees(cycle: Cycle, rows: SpendRows, days: Sequence[date], currency: str) -> ByDay:
    edges = [datetime.combine(day, time.min, UTC) for day in (*days, days[-1] + DAY)]
    # Most fees are for the whole cycle, or for what is left of it since all of them began.
    weights: dict[tuple[Held, ...], list[int]] = {}
    found: dict[Source, list[int]] = {}
    for fee, count in _alike(cycle, rows.items).items():
        if fee.held not in weights:
            weights[fee.held] = weights_by_day(fee.held, edges)
        parts = share(fee.cents, weights[fee.held], currency)
        _add(found, fee.source, [count * part for part in parts])
    return found


class _Fee(NamedTuple):
    source: Source
    held: tuple[Held, ...]
    cents: int


def _alike(cycle: Cycle, items: Iterable[Billed]) -> Counter[_Fee]:
    """Return the fees of a cycle and how often there is each: two hundred servers cost alike.

    They are not added up before: a day would come to something else by product than by service.
    """
    return Counter(
        _Fee(Source(item.price_id or 0, item.service_id), _held(item), item.cents)
        for item in items
        if item.kind == "recurring" and item.cycle_id == cycle.id
    )


def _held(item: Billed) -> tuple[Held, ...]:
    if not item.stretches:
        return (Held(item.starts_at, item.ends_at),)
    return tuple(
        Held(
            max(datetime.fromisoformat(one["start"]), item.starts_at),
            min(datetime.fromisoformat(one["end"]), item.ends_at),
            # A third of a cent a second is written with twelve places.
            Fraction(one["cycle_fee"].rstrip("…")),
        )
        for one in item.stretches
    )


def _add(found: dict[Source, list[int]], source: Source, cents: Sequence[int]) -> None:
    if source in found:
        cents = [before + more for before, more in zip(found[source], cents, strict=True)]
    found[source] = list(cents)

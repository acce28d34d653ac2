"""What moved a bill the most against the last cycle's at the same point, and since when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import accumulate

from dashboard.pricing.exact import EXACT, subtract, total
from dashboard.reading.billed_parts import CycleBefore, Part, cycle_before, parts_of_cycles
from dashboard.reading.differences import Compared, Difference, by_price, differences
from dashboard.reading.opening import Draft
from dashboard.reading.same_point import parts_at, same_point, used_at
from dashboard.reading.used_by import UsedBy, Wanted, by_day, used_by

MOST = 3
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Mover:
    """A price, charge or credit and its difference.

    `since`: the day from which all of its usage's difference came. `service`: the one that most of
    it is on, where there are several.
    """

    difference: Difference
    since: date | None = None
    service: str | None = None


@dataclass(frozen=True, slots=True)
class SinceLastCycle(Compared):
    """A bill against the last one as it stood at `at`, so long after its start.

    `rest` is everything that is none of the movers. `parts`: of the last cycle, and of this one.
    """

    last: CycleBefore
    at: datetime
    movers: Sequence[Mover]
    rest: Difference
    before: Sequence[Part]
    after: Sequence[Part]
    used: Sequence[UsedBy]


def hours_into(draft: Draft, now: datetime) -> int:
    """Return the whole hours of its cycle that are over: at that point bills are compared."""
    return max((now - draft.around.starts_at) // HOUR, 0)


def since_last_cycle(draft: Draft, *, now: datetime) -> SinceLastCycle | None:
    """Return what changed against the last cycle at the same point; None in the first cycle.

    Six statements, whatever is on the bills, and a few more where services changed since.
    """
    organization_id = draft.invoice.organization_id
    last = cycle_before(organization_id, draft.around.starts_at)
    if last is None:
        return None
    cycles = (last.id, draft.invoice.cycle_id)
    parts = parts_of_cycles(organization_id, cycles)
    at = same_point(last, hours_into(draft, now) * HOUR)
    used = used_by(organization_id, cycles, at.date())
    before = parts_at(
        last,
        [part for part in parts if part.cycle_id == last.id],
        [one for one in used if one.cycle_id == last.id],
        at,
    )
    after = [part for part in parts if part.cycle_id != last.id]
    changed = differences(before, after, by_price)
    top = [Mover(one) for one in changed[:MOST] if one.cents]
    rest = Difference("Everything else")
    for one in changed[len(top) :]:
        rest.before += one.before
        rest.after += one.after
    found = SinceLastCycle(last, at, top, rest, before, after, used)
    return replace(found, movers=_explained(found, draft, now))


@dataclass(frozen=True, slots=True)
class _Days:
    """The days of both cycles, `seen` whole ones of this one, and what was used on each of them."""

    last: CycleBefore
    cycle_id: int
    starts: date
    seen: int
    used: Mapping[tuple[int, int], Mapping[date, Decimal]]

    def since(self, price_id: int) -> date | None:
        """Return the day of this cycle from which all of the difference came."""
        before = self._of(self.last.id, self.last.starts_at.date(), price_id)
        day = day_since(before, self._of(self.cycle_id, self.starts, price_id))
        return self.starts + timedelta(days=day) if day else None

    def _of(self, cycle_id: int, first: date, price_id: int) -> list[Decimal]:
        by_day = self.used.get((cycle_id, price_id), {})
        return [by_day.get(first + timedelta(days=at), Decimal(0)) for at in range(self.seen)]


def _explained(found: SinceLastCycle, draft: Draft, now: datetime) -> list[Mover]:
    """Return the movers, those of usage with the service and the day they come from.

    One statement where there are such.
    """
    prices = [_metered_price(mover.difference) for mover in found.movers]
    wanted = {
        price_id: Wanted(price_id, main_service(found, price_id))
        for price_id in prices
        if price_id is not None
    }
    if not wanted:
        return list(found.movers)
    cycle_id, starts = draft.invoice.cycle_id, draft.around.starts_at.date()
    days = by_day(draft.invoice.organization_id, (found.last.id, cycle_id), wanted.values())
    seen = _Days(found.last, cycle_id, starts, (now.date() - starts).days, days)
    called = {one.service_id: one.service for one in found.used}
    return [
        mover
        if price_id is None
        else Mover(mover.difference, seen.since(price_id), called.get(wanted[price_id].service_id))
        for mover, price_id in zip(found.movers, prices, strict=True)
    ]


def main_service(found: SinceLastCycle, price_id: int) -> int | None:
    """Return the service that more than half of a price's difference in usage is on.

    None where it is on several, on usage that names no service, or there is only one.
    """
    more: dict[int | None, Decimal] = {}
    for one in found.used:
        if one.price_id == price_id:
            is_last = one.cycle_id == found.last.id
            units = -used_at(one, found.at) if is_last else one.whole
            more[one.service_id] = EXACT.add(more.get(one.service_id, Decimal(0)), units)
    if len(more) < 2:
        return None
    whole = total(more.values())
    service_id = max(more, key=lambda one: more[one] if whole > 0 else -more[one])
    return service_id if abs(more[service_id]) * 2 > abs(whole) else None


def day_since(before: Sequence[Decimal], after: Sequence[Decimal]) -> int | None:
    """Return the day, from 0, from which on all of the difference between two cycles came.

    Where what is added up day by day was at its lowest, or highest if it fell. None where it came
    from the start, or there is none.
    """
    sums = list(accumulate(map(subtract, after, before), EXACT.add, initial=Decimal(0)))
    if not sums[-1]:
        return None
    edge = min(sums[:-1]) if sums[-1] > 0 else max(sums[:-1])
    return max(day for day, one in enumerate(sums[:-1]) if one == edge) or None


def _metered_price(difference: Difference) -> int | None:
    parts = [*difference.after, *difference.before]
    return next((part.price_id for part in parts if part.is_usage), None)

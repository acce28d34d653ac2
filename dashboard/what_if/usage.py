"""Usage with another pace from an instant on: what a price comes to, as the forecast rates it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from dashboard.billing.habit import Habit
from dashboard.billing.outlook import Count, Seen, Share, SoFar, pace_in
from dashboard.billing.pace import Pace, pro_rata, seconds_by_weekday
from dashboard.billing.period import Period
from dashboard.pricing.exact import EXACT, total
from dashboard.pricing.models import Price
from dashboard.pricing.rating import cents_of_cycle, cents_of_usage
from dashboard.pricing.versions import VersionWindow
from dashboard.what_if.wanted import ALL_PERCENT, Line, Wanted


@dataclass(frozen=True, slots=True)
class Outset:
    """A cycle's usage so far and the habits it began with."""

    seen: Seen
    so_far: SoFar
    cycle: Period
    habits: Mapping[int, Habit]


def usage_line(count: Count, price: Price, outset: Outset, wanted: Wanted) -> Line:
    """Return a price that was used, with `wanted.percent` of what is expected from then on."""
    percent = wanted.percent.get(count.price_id, ALL_PERCENT)
    have = [outset.so_far.units.get(share.key, Decimal(0)) for share in count.shares]
    habit = outset.habits.get(count.price_id)
    pace = pace_in(count, outset.so_far, outset.seen, habit)
    rest = [_units(pace, share.window, outset.seen.now, outset.seen.ends) for share in count.shares]
    later = [
        pro_rata(_units(pace, share.window, wanted.since, outset.seen.ends), percent, ALL_PERCENT)
        for share in count.shares
    ]
    kept = [_units(pace, share.window, outset.seen.now, wanted.since) for share in count.shares]
    before = [EXACT.add(one, more) for one, more in zip(have, rest, strict=True)]
    after = [total(parts) for parts in zip(have, kept, later, strict=True)]
    if percent == ALL_PERCENT:
        after = before
    whole = (
        _units(pace, outset.cycle, outset.cycle.start, outset.cycle.end) if pace else total(have)
    )
    terms = count.shares[-1].terms
    return Line(
        price_id=count.price_id,
        name=price.name,
        unit_label=price.unit_label,
        is_usage=True,
        quantity_before=total(before),
        quantity_after=total(after),
        before=_billed(count.shares, before, outset.so_far),
        after=_billed(count.shares, after, outset.so_far),
        full_before=cents_of_usage(terms, whole),
        full_after=cents_of_usage(terms, pro_rata(whole, percent, ALL_PERCENT)),
    )


def new_usage_line(window: VersionWindow, units: int, outset: Outset, since: datetime) -> Line:
    """Return a price that was not used so far, with so many units in a whole cycle from then on."""
    whole = Decimal(units)
    left = max(Period(since, max(outset.seen.ends, since)).seconds, 0)
    part = pro_rata(whole, left, outset.cycle.seconds)
    return Line(
        price_id=window.version.price_id,
        name=window.price.name,
        unit_label=window.price.unit_label,
        is_usage=True,
        quantity_before=Decimal(0),
        quantity_after=part,
        before=0,
        after=cents_of_usage(window.terms, part),
        full_before=0,
        full_after=cents_of_usage(window.terms, whole),
    )


def _units(pace: Pace | None, window: Period, start: datetime, end: datetime) -> Decimal:
    """Return the units that are likely in the part of `window` between two instants."""
    start, end = max(start, window.start), min(window.end, end)
    if pace is None or end <= start:
        return Decimal(0)
    return pace.in_period(seconds_by_weekday(start, end))


def _billed(shares: Sequence[Share], units: Sequence[Decimal], so_far: SoFar) -> int:
    """Return what the draft bills of so many units, which earlier invoices may have billed of."""
    owed = cents_of_cycle([(share.terms, one) for share, one in zip(shares, units, strict=True)])
    before = (so_far.before(share.key, cents) for share, cents in zip(shares, owed, strict=True))
    return sum(owed) - sum(before)

"""The habit of usage: what the days of a price's last whole cycle say about those to come. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from math import isqrt
from types import MappingProxyType
from typing import Any, NamedTuple

from dashboard.pricing.exact import EXACT

MILLE = 1000
PLACES = 12
# Whole weeks, so that each weekday is in it as often as any other.
RECENT_DAYS = 14
# A weekday's share is believed as if so many ordinary ones had been seen besides.
ORDINARY_WEEKS = 2
# So many variances of chance make half a shift of one that is as large.
CHANCE = 4
# With fewer days nobody can tell a habit of the week from chance.
WEEKLY_FROM_DAYS = 14
EVEN = (MILLE,) * 7


class Habit(NamedTuple):
    """How an organization uses a price.

    `pace`: units a day at the end of the cycle. `cents`: what all units of the cycle cost.
    `weekdays`: per mille of an ordinary day, Monday first. `spread`: how far single days are from
    that, as a standard deviation in per mille of an ordinary day. `shift`: how much more or less
    the last fortnight was than the one before, in per mille, as far as that is not chance; and
    `trend`, how much of it goes on.
    """

    pace: Decimal
    cents: int
    weekdays: tuple[int, ...] = EVEN
    spread: int = 0
    shift: int = 0
    trend: int = 0

    def to_json(self) -> list[Any]:
        """Return it as it is kept."""
        return [
            f"{self.pace:f}",
            self.cents,
            list(self.weekdays),
            self.spread,
            self.shift,
            self.trend,
        ]

    @classmethod
    def from_json(cls, kept: Sequence[Any]) -> Habit:
        """Read it as it is kept."""
        pace, cents, weekdays, spread, shift, trend = kept
        return cls(Decimal(pace), cents, tuple(weekdays), spread, shift, trend)


class LastCycle(NamedTuple):
    """What the cycle before came to, None without one, and the habit of each price by its id."""

    cents: int | None = None
    habits: Mapping[int, Habit] = MappingProxyType({})

    @classmethod
    def read(cls, cents: int | None, kept: Mapping[str, Sequence[Any]] | None) -> LastCycle:
        """Return it from what is kept."""
        habits = {int(price_id): Habit.from_json(one) for price_id, one in (kept or {}).items()}
        return cls(cents, habits)


def habit_of(first: date, units: Sequence[Decimal], cents: int) -> Habit | None:
    """Return what the `units` of whole days from `first` on say; None if there were none.

    Days before the first usage are not counted: nothing was attached then.
    """
    scaled = [int(EXACT.scaleb(one, PLACES)) for one in units]
    begun = next((at for at, one in enumerate(scaled) if one > 0), None)
    if begun is None:
        return None
    days, first = scaled[begun:], first + timedelta(days=begun)
    recent = days[-RECENT_DAYS:]
    weekdays = _weekdays(first, days) if len(days) >= WEEKLY_FROM_DAYS else EVEN
    pace = max(sum(recent) // len(recent), 0)
    spread = _spread(first, days, weekdays)
    return Habit(
        EXACT.scaleb(Decimal(pace), -PLACES),
        cents,
        weekdays,
        spread,
        _shift(days, 14, spread),
        _trend(days, spread),
    )


def _shift(days: Sequence[int], half: int, spread: int) -> int:
    """Return how much more the last `half` days were than as many before, less what is chance."""
    if len(days) < 2 * half:
        return 0
    first, second = sum(days[-2 * half : -half]), sum(days[-half:])
    if first <= 0:
        return 0
    shift = min(MILLE * (second - first) * 2 // (first + second), MILLE)
    chance = CHANCE * spread * spread // half
    return shift * shift * shift // (shift * shift + chance) if shift else 0


def _trend(days: Sequence[int], spread: int) -> int:
    """Return what goes on rising or falling in a fortnight: a step up or down does not."""
    fortnight, week = _shift(days, 14, spread), 2 * _shift(days, 7, spread)
    if fortnight * week <= 0:
        return 0
    return min(fortnight, week) if fortnight > 0 else max(fortnight, week)


def _weekdays(first: date, days: Sequence[int]) -> tuple[int, ...]:
    """Return each weekday's share, drawn towards an ordinary day where few of it were seen."""
    used, seen = [0] * 7, [0] * 7
    for at, units in enumerate(days):
        weekday = (first.weekday() + at) % 7
        used[weekday] += units
        seen[weekday] += 1
    whole, count = sum(days), len(days)
    return tuple(
        max(MILLE * (sums * count + ORDINARY_WEEKS * whole) // ((n + ORDINARY_WEEKS) * whole), 0)
        for sums, n in zip(used, seen, strict=True)
    )


def _spread(first: date, days: Sequence[int], weekdays: Sequence[int]) -> int:
    whole, count = sum(days), len(days)
    off = (
        units * count * MILLE - whole * weekdays[(first.weekday() + at) % 7]
        for at, units in enumerate(days)
    )
    return isqrt(sum(one * one for one in off) // count) // whole

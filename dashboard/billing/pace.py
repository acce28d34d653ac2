"""How much more of a price is used until the end: pace seen and habit, blended. Pure.

Everything is counted in whole numbers: seconds weighed by the weekday's share, in per mille. How
the numbers were chosen: docs/decisions/forecast.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from math import isqrt
from typing import NamedTuple

from dashboard.billing.habit import EVEN, MILLE, PLACES, RECENT_DAYS, Habit
from dashboard.billing.period import Period, in_utc
from dashboard.pricing.exact import EXACT

DAY_SECONDS = 86_400
# An ordinary day, weighed.
DAY = DAY_SECONDS * MILLE
# The habit counts as much as so many days of this cycle.
HABIT_DAYS = 4
# Of a price without a habit yet: how far single days are from the middle, in per mille.
UNKNOWN_SPREAD = 700
# How far the pace of a whole cycle moves away from what was seen of it, in per mille: at the least,
# of a price without a habit, and what part of how far it moved in the last cycle.
DRIFT = 80
UNKNOWN_DRIFT = 600
SHIFTS = 500
# How much a habit that the days seen disagree with counts, in per mille.
DISAGREES = 2000
CYCLE_DAYS = 30
# What a pace that falls comes to at the least, in per mille of what was seen.
LEAST = 250
# So many standard deviations, in per mille, held four futures in five.
REACH = 1600

Seconds = tuple[int, ...]


class Pace(NamedTuple):
    """`units` in so many seconds `weighed` by weekday; `trend` is per mille of that from now on."""

    units: Decimal
    weighed: int
    weekdays: Sequence[int]
    trend: int = MILLE

    def in_period(self, seconds: Seconds) -> Decimal:
        """Return the units expected in `seconds` of each weekday, cut to twelve decimal places."""
        to_come = weigh(seconds, self.weekdays) * self.trend
        return pro_rata(self.units, to_come, self.weighed * MILLE)


def pace_of(used: Decimal, past: Seconds, rest: Seconds, habit: Habit | None) -> Pace | None:
    """Return the pace of a price of which `used` units were seen in the seconds of `past`.

    None where nothing can be told: no time has passed, and there is no habit.
    """
    weekdays = habit.weekdays if habit else EVEN
    weighed = weigh(past, weekdays)
    if habit is not None:
        used = EXACT.add(used, EXACT.multiply(habit.pace, Decimal(HABIT_DAYS)))
        weighed += HABIT_DAYS * DAY
    trend = _trend(past, rest, habit) if habit else MILLE
    return Pace(used, weighed, weekdays, trend) if weighed else None


def _trend(past: Seconds, rest: Seconds, habit: Habit) -> int:
    """Return by how much the rest is above the pace, in per mille, if it goes on shifting.

    From the middle of what the pace was seen in to that of the rest.
    """
    if not habit.trend:
        return MILLE
    seen, prior, to_come = sum(past), HABIT_DAYS * DAY_SECONDS, sum(rest)
    centre = (seen * seen // 2 - prior * RECENT_DAYS * DAY_SECONDS // 2) // (seen + prior)
    # Half a year of it would be a guess.
    ahead = min(seen + to_come // 2 - centre, CYCLE_DAYS * DAY_SECONDS)
    more = habit.trend * ahead // (RECENT_DAYS * DAY_SECONDS)
    return max(MILLE + more, LEAST)


def doubt(used: Decimal, past: Seconds, rest: Seconds, habit: Habit | None) -> int:
    """Return how far the usage of the `rest` may be from what the pace says, in per mille.

    Of the rest: chance of its own days, chance in what was seen, a pace that moves on, and a habit
    that the days seen disagree with.
    """
    seen, to_come = sum(past), sum(rest)
    if not to_come:
        return 0
    known = seen + (HABIT_DAYS * DAY_SECONDS if habit else 0)
    spread = habit.spread if habit else UNKNOWN_SPREAD
    chance = spread * spread * DAY_SECONDS // to_come
    chance += spread * spread * DAY_SECONDS // max(known, DAY_SECONDS)
    drift = DRIFT + abs(habit.shift) * SHIFTS // MILLE if habit else UNKNOWN_DRIFT
    moved = drift * drift * to_come // (CYCLE_DAYS * DAY_SECONDS)
    apart = DISAGREES * _disagreement(used, past, habit) // MILLE
    return REACH * isqrt(chance + moved + apart) // MILLE


def _disagreement(used: Decimal, past: Seconds, habit: Habit | None) -> int:
    """Return the variance between habit and days seen, each weighed by what it counts."""
    if habit is None or not sum(past):
        return 0
    seen, prior = weigh(past, habit.weekdays), HABIT_DAYS * DAY
    of_habit = pro_rata(habit.pace, seen, DAY)
    both = EXACT.add(used, of_habit)
    if both <= 0:
        return 0
    apart = int(abs(EXACT.subtract(used, of_habit)) * 2 * MILLE // both)
    return apart * apart * seen * prior // (seen + prior) ** 2


def weigh(seconds: Seconds, weekdays: Sequence[int]) -> int:
    """Return the seconds of each weekday, Monday first, weighed by its share."""
    return sum(map(int.__mul__, seconds, weekdays))


@lru_cache(maxsize=64)
def seconds_by_weekday(start: datetime, end: datetime) -> Seconds:
    """Return the whole seconds from `start` to `end` by UTC weekday, Monday first."""
    start, end = in_utc(start), in_utc(end)
    weeks, rest = divmod(max(Period(start, end).seconds, 0), 7 * DAY_SECONDS)
    found = [weeks * DAY_SECONDS] * 7
    second = start.hour * 3600 + start.minute * 60 + start.second
    weekday = start.weekday()
    while rest:
        shared = min(rest, DAY_SECONDS - second)
        found[weekday] += shared
        rest, second, weekday = rest - shared, 0, (weekday + 1) % 7
    return tuple(found)


def pro_rata(units: Decimal, seconds: int, past: int) -> Decimal:
    """Return what is used in `seconds` if `units` were in `past`; places beyond twelve are cut."""
    whole, part = units.as_integer_ratio()
    scaled = abs(whole) * seconds * 10**PLACES // (part * past)
    return EXACT.scaleb(Decimal(-scaled if whole < 0 else scaled), -PLACES)

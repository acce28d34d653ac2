"""What a charge comes to day by day: parts that add up to it to the minor unit. Pure.

A day of usage is what the cycle's units up to the day's end cost less what those up to its start
did, by the rating that the item has. So a day that reaches a cheaper volume tier may be negative.
"""

from __future__ import annotations

from bisect import bisect, bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, pairwise
from math import lcm
from typing import NamedTuple

from dashboard.currencies import charge_step
from dashboard.money import nearest
from dashboard.pricing.exact import EXACT
from dashboard.pricing.rating import costs_of_cycle
from dashboard.pricing.terms import Terms

SECOND = timedelta(seconds=1)
# Terms of a version, and the units used under it on each day.
Used = tuple[Terms, Sequence[Decimal]]


class Held(NamedTuple):
    """A stretch of time that a fee is for, and what a second of it weighs in the fee."""

    start: datetime
    end: datetime
    weight: Fraction = Fraction(1)


def usage_by_day(used: Sequence[Used]) -> list[list[int]]:
    """Return the cents of each day under each version of a price, the earliest version first.

    All days of a cycle, in order; what several versions share (allowance, tiers) moves where it is
    used up.
    """
    sums = [list(accumulate(units, EXACT.add)) for _, units in used]
    before = tuple(Decimal(0) for _ in used)
    owed = [0] * len(used)
    days: list[list[int]] = [[] for _ in used]
    for counts in zip(*sums, strict=True):
        after = owed
        if counts != before:
            after = costs_of_cycle([(terms, n) for (terms, _), n in zip(used, counts, strict=True)])
        for cents, now, earlier in zip(days, after, owed, strict=True):
            cents.append(now - earlier)
        owed, before = after, counts
    return days


def weights_by_day(held: Sequence[Held], edges: Sequence[datetime]) -> list[int]:
    """Return what of the stretches of a fee lies between each two `edges`, weighed.

    By the second, so that half a day is half of what a day is; in whole numbers that are to each
    other as these weigh.
    """
    weights = whole_numbers([one.weight for one in held])
    found = [0] * (len(edges) - 1)
    for (start, end, _), weight in zip(held, weights, strict=True):
        for day in range(
            max(bisect(edges, start) - 1, 0), min(bisect_left(edges, end), len(found))
        ):
            shared = min(end, edges[day + 1]) - max(start, edges[day])
            found[day] += max(shared // SECOND, 0) * weight
    return found


def share(cents: int, weights: Sequence[Fraction | int], currency: str) -> list[int]:
    """Return `cents` divided by weight, in amounts that can be charged, to the last one.

    What is rounded off one goes to the next. All of what weighs nothing falls on the first. In
    whole numbers: with fractions it took four times as long.
    """
    parts = whole_numbers(weights)
    whole, step = sum(parts), charge_step(currency)
    if not whole:
        return [cents, *[0] * (len(weights) - 1)] if weights else []
    # Some may weigh less than nothing, even all of them together: units that were taken back.
    sign = -1 if whole < 0 else 1
    # The last as it stands, should it be finer than the currency can be charged in by now.
    sums = [
        cents if so_far == whole else nearest(sign * cents * so_far, sign * whole * step) * step
        for so_far in accumulate(parts)
    ]
    return [after - before for before, after in pairwise([0, *sums])]


def whole_numbers(weights: Sequence[Fraction | int]) -> Sequence[int]:
    """Return whole numbers that are to each other as `weights` are."""
    of = lcm(*(one.denominator for one in weights))
    return [one.numerator * (of // one.denominator) for one in weights]

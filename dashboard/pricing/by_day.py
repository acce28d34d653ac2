"""What a charge comes to day by day: parts that add up to it to the minor unit. Pure.

A day of usage is what the cycle's units up to the day's end cost less what those up to its start
did, by the rating that the item has. So a day that reaches a cheaper volume tier may be negative.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, pairwise

from dashboard.money import round_charge
from dashboard.pricing.exact import EXACT
from dashboard.pricing.rating import costs_of_cycle
from dashboard.pricing.terms import Terms

# Terms of a version, and the units used under it on each day.
Used = tuple[Terms, Sequence[Decimal]]


@dataclass(frozen=True, slots=True)
class Held:
    """A stretch of time that a fee is for, and what a second of it weighs in the fee."""

    start: datetime
    end: datetime
    weight: Fraction = Fraction(1)

    def within(self, start: datetime, end: datetime) -> Fraction:
        """Return what the part of it from `start` to `end` weighs."""
        shared = min(self.end, end) - max(self.start, start)
        return max(int(shared.total_seconds()), 0) * self.weight


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


def fee_by_day(
    cents: int, held: Iterable[Held], edges: Sequence[datetime], currency: str
) -> list[int]:
    """Return the parts of a fee of `cents` that fall between each two `edges`.

    By the second, so that half a day is half of what a day is. All of one that weighs nothing
    falls on the first day.
    """
    stretches = list(held)
    weights = [
        sum((one.within(*between) for one in stretches), Fraction(0)) for between in pairwise(edges)
    ]
    return share(cents, weights, currency)


def share(cents: int, weights: Sequence[Fraction | int], currency: str) -> list[int]:
    """Return `cents` divided by weight, in amounts that can be charged, to the last one.

    What is rounded off one goes to the next.
    """
    whole = sum(weights, Fraction(0))
    if not whole:
        return [cents, *[0] * (len(weights) - 1)] if weights else []
    # The last as it stands, should it be finer than the currency can be charged in by now.
    sums = [
        cents if so_far == whole else round_charge(Fraction(cents * so_far) / whole, currency)
        for so_far in accumulate(weights)
    ]
    return [after - before for before, after in pairwise([0, *sums])]

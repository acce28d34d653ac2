"""What a spend chart shows, in minor units: bars, what they add up to, and what is to come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from dashboard.reading.spend.groups import Group


class Proof(NamedTuple):
    """How the days come to what is owed: `owed` is the sum of all, as each is signed here.

    `elsewhere`: what of these days is on earlier invoices, after an early roll; never anything
    where one invoice bills the cycle. `other_cycles`: late usage, corrections and what was carried
    over.
    """

    days: int
    fees_to_come: int
    charges: int
    other_cycles: int
    credits: int
    elsewhere: int
    owed: int


class Prospect(NamedTuple):
    """What is expected at the end; None: too early to say. `budget`: of the cycle, if there is."""

    likely: int | None
    low: int | None
    high: int | None
    budget: int | None


@dataclass(frozen=True, slots=True)
class Running:
    """The running total at the start and after each day up to now; the same of the last cycle.

    `last` ends at what that cycle came to, also where it had more days than are shown here.
    """

    cents: Sequence[int]
    last: Sequence[int]


@dataclass(frozen=True, slots=True)
class Spend:
    """A row of bars, each the sum of its series, bottom to top.

    `groups` are all there are, `series` those of them with a color and the rest as one. `expected`
    stands on top of each bar, `last` is the same day of the last cycle (None: there was none).
    `today` is the bar that holds now, of which `elapsed` (0 to 1) has passed. `is_part`: it is of
    the rest of a cycle that was rolled early.
    """

    currency: str
    starts: Sequence[date]
    groups: Sequence[Group]
    series: Sequence[Group]
    expected: Sequence[int]
    last: Sequence[int | None]
    today: int
    elapsed: float
    by_month: bool = False
    running: Running | None = None
    proof: Proof | None = None
    ahead: Prospect | None = None
    is_part: bool = False

    @property
    def totals(self) -> list[int]:
        """What each bar comes to, without what is expected."""
        return [sum(parts) for parts in zip(*(one.cents for one in self.series), strict=True)] or [
            0 for _ in self.starts
        ]

    @property
    def is_empty(self) -> bool:
        """Whether nothing cost anything, and nothing is expected to."""
        return not any((*self.totals, *self.expected))

"""Whether a day costs far more than the days before it did. Pure; amounts are minor units.

A habit is a median, and how far days are from it the median of that (MAD): a single odd day moves
neither, so it hides no later one. Each weekday has its own, for many use less at weekends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median

from dashboard.money import minimum_charge

# Four of each weekday; with less than half of that nobody can tell a habit from chance.
DAYS = 28
LEAST_DAYS = 14
WEEK = 7
# A day is far from its habit from twice of it on, and from five standard deviations, for which 1.48
# MAD stand where days spread evenly; all in tenths.
LEAST_TIMES = 20
LEAST_SPREADS = 74
# So many of the smallest charges, ten dollars: cents alarm nobody, however many times the habit.
FLOOR_CHARGES = 20


@dataclass(frozen=True)
class Habit:
    """What a product costs a day; `days` are those before, the oldest first."""

    days: Sequence[int]
    floor: int

    @cached_property
    def is_known(self) -> bool:
        """Whether there is one: enough days since it was first used, and most of them with use."""
        begun = next((at for at, cents in enumerate(self.days) if cents > 0), len(self.days))
        known = self.days[begun:]
        return len(known) >= LEAST_DAYS and median(known) > 0

    def of(self, ahead: int) -> int:
        """Return what a day costs by habit, `ahead` days after the last of `days` plus one."""
        return self._weekdays[(len(self._known) + ahead) % WEEK]

    def is_far(self, cents: int, ahead: int) -> bool:
        """Whether a day that costs `cents` so far is far above its habit, whatever is to come."""
        habit = self.of(ahead)
        far = max(
            habit * (LEAST_TIMES - 10) // 10,
            self._spread * LEAST_SPREADS // 10,
            self.floor,
        )
        return cents - habit > far

    @cached_property
    def _known(self) -> Sequence[int]:
        begun = next((at for at, cents in enumerate(self.days) if cents > 0), 0)
        return self.days[begun:]

    @cached_property
    def _weekdays(self) -> list[int]:
        return [int(median(self._known[at::WEEK])) for at in range(WEEK)]

    @cached_property
    def _spread(self) -> int:
        off = [abs(cents - self._weekdays[at % WEEK]) for at, cents in enumerate(self._known)]
        return int(median(off))


def floor_of(currency: str) -> int:
    """Return how much a day must cost above its habit, at the least, to be worth telling."""
    return FLOOR_CHARGES * minimum_charge(currency)


def times_of(cents: int, habit_cents: int) -> str:
    """Return how many times a habit an amount is, with one decimal: 3.2."""
    tenths = cents * 10 // max(habit_cents, 1)
    return f"{tenths // 10}.{tenths % 10}"

"""How much of a budget a bill has used, and when it will likely cross it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

# Per cent of the budget at which people are told.
THRESHOLDS = (50, 75, 90, 100)
# From here on it is said with emphasis.
SOON = 75


@dataclass(frozen=True, slots=True)
class Budget:
    """A budget beside what its cycle comes to: `used_cents` now, `likely_cents` at the end.

    All invoices of the cycle count, so an early roll gives it no second budget. Without
    `likely_cents` it is too early to say.
    """

    cents: int
    used_cents: int
    likely_cents: int | None = None
    crosses_at: datetime | None = None

    @property
    def percent(self) -> int:
        """How much of it is used, in whole per cent that are reached; a credit has used none."""
        return max(self.used_cents, 0) * 100 // self.cents

    @property
    def left_cents(self) -> int:
        """What is left of it, below zero once it is crossed."""
        return self.cents - self.used_cents

    @property
    def is_over(self) -> bool:
        """Whether all of it is used."""
        return self.used_cents >= self.cents

    @property
    def is_notable(self) -> bool:
        """Whether somebody may want to act: much is used, or it will likely be crossed."""
        return self.percent >= SOON or self.crosses_at is not None

    def reached(self, percent: int) -> bool:
        """Whether the bill is at `percent` of it or above."""
        return self.used_cents * 100 >= self.cents * percent

    def at(self, percent: int) -> int:
        """Return the amount from which on `percent` is reached, in minor units."""
        return -(-self.cents * percent // 100)


def measure(
    cents: int, used_cents: int, likely_cents: int | None, *, now: datetime, ends_at: datetime
) -> Budget:
    """Return the budget beside its bill; `likely_cents` is the whole cycle's forecast, if any."""
    return Budget(
        cents,
        used_cents,
        likely_cents,
        None if likely_cents is None else crossing(cents, used_cents, likely_cents, now, ends_at),
    )


def crossing(
    cents: int, used_cents: int, likely_cents: int, now: datetime, ends_at: datetime
) -> datetime | None:
    """Return when a bill that goes evenly from what is used to what is likely crosses its budget.

    Fees stand from the start of a cycle, so what is still to come is usage. None for one that has
    crossed it already or will likely not.
    """
    if not used_cents < cents < likely_cents or now >= ends_at:
        return None
    left = int((ends_at - now).total_seconds())
    return now + timedelta(seconds=left * (cents - used_cents) // (likely_cents - used_cents))

"""Simulated customers: what they use of three prices, day by day, in two cycles in a row.

The same seed gives the same customer, on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from dashboard.pricing.terms import Terms, Tier

DAYS = 30
FIRST = date(2026, 1, 1)
WORKING_WEEK = (1.15, 1.25, 1.25, 1.2, 1.05, 0.6, 0.5)
# Three prices as one finds them: an allowance, tiers, packages. An ordinary customer pays about
# the same for each, and is near a bound of each.
PRICES = {
    1: Terms("per_unit", Decimal("2.5"), "usd", allowance=Decimal(1000)),
    2: Terms(
        "graduated",
        Decimal(0),
        "usd",
        tiers=(
            Tier(Decimal(1000), Decimal(9)),
            Tier(Decimal(5000), Decimal(7)),
            Tier(None, Decimal("4.5")),
        ),
    ),
    3: Terms("package", Decimal(40), "usd", package_size=Decimal(100)),
}
ORDINARY = {1: 400.0, 2: 150.0, 3: 2500.0}

Level = Callable[[int], float]


@dataclass(frozen=True)
class Customer:
    """The units of each price on each day; without a cycle `before` for one who is new."""

    before: dict[int, list[Decimal]]
    after: dict[int, list[Decimal]]
    began: date

    @property
    def starts(self) -> date:
        """The first day of the cycle that is forecast."""
        return self.began + timedelta(days=DAYS)


def customer(kind: str, seed: int) -> Customer:
    """Return the customer of a kind with this seed."""
    dice = Random(f"{kind} {seed}")  # noqa: S311 histories, not secrets
    began = FIRST + timedelta(days=dice.randrange(365))
    size = 2 ** dice.uniform(-2, 2)
    level, chance = KINDS[kind](dice)
    before: dict[int, list[Decimal]] = {}
    after: dict[int, list[Decimal]] = {}
    for price, ordinary in ORDINARY.items():
        own = 2 ** dice.uniform(-1, 1)
        days = [
            _units(ordinary * size * own * level(day) * _week(kind, began, day) * chance(dice))
            for day in range(2 * DAYS)
        ]
        if kind != "new":
            before[price] = days[:DAYS]
        after[price] = days[DAYS:]
    return Customer(before, after, began)


def _units(value: float) -> Decimal:
    return Decimal(f"{max(value, 0):.3f}")


def _week(kind: str, began: date, day: int) -> float:
    weekday = (began.weekday() + day) % 7
    return WORKING_WEEK[weekday] if kind in ("weekly", "growing", "step") else 1.0


def _steady(_dice: Random) -> tuple[Level, Callable[[Random], float]]:
    return (lambda _day: 1.0), _ordinary


def _growing(dice: Random) -> tuple[Level, Callable[[Random], float]]:
    daily = 1 + dice.uniform(0.005, 0.025)
    return (lambda day: daily**day), _ordinary


def _bursty(_dice: Random) -> tuple[Level, Callable[[Random], float]]:
    return (lambda _day: 1.0), _burst


def _step(dice: Random) -> tuple[Level, Callable[[Random], float]]:
    at, to = dice.randrange(10, 2 * DAYS), 3 ** dice.uniform(-1, 1)
    return (lambda day: to if day >= at else 1.0), _ordinary


def _new(dice: Random) -> tuple[Level, Callable[[Random], float]]:
    # A customer who tries things out, and comes to an ordinary pace within a week or three.
    slow = dice.uniform(2, 8)
    return (
        lambda day: 1 - 2.718281828 ** (-(day - DAYS + 1) / slow) if day >= DAYS else 0.0
    ), _ordinary


def _ordinary(dice: Random) -> float:
    return max(dice.gauss(1, 0.15), 0.1)


def _burst(dice: Random) -> float:
    return dice.lognormvariate(-0.3, 0.8) + (dice.uniform(4, 10) if dice.random() < 0.06 else 0)


KINDS: dict[str, Callable[[Random], tuple[Level, Callable[[Random], float]]]] = {
    "steady": _steady,
    "growing": _growing,
    "weekly": _steady,
    "bursty": _bursty,
    "new": _new,
    "step": _step,
}


def used(days: Sequence[Decimal]) -> Decimal:
    """Return the units of all the days."""
    return sum(days, Decimal(0))

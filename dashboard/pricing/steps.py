"""What a charge is made of: its parts, and where its units stand in a cycle's count. Pure."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from dashboard.pricing.exact import EXACT, subtract, total

# A chart rates each day of each price: named tuples are made in half the time of frozen objects.
NOTHING = Decimal(0)


class Step(NamedTuple):
    """One part of a charge: `quantity` units (or blocks) at `unit_amount`, plus `flat_amount`.

    `is_begun`: units counted before took a part of its tier. `asks_once`: it holds an amount that
    is asked once for a cycle, however many versions of the price are in force in it.
    """

    kind: str
    quantity: Decimal
    unit_amount: Decimal
    flat_amount: Decimal = NOTHING
    up_to: Decimal | None = None
    is_begun: bool = False
    asks_once: bool = False

    @property
    def exact(self) -> Decimal:
        """The step's amount in minor units, with every digit it has."""
        return EXACT.fma(self.quantity, self.unit_amount, self.flat_amount)

    @property
    def amount(self) -> Fraction:
        """The same as a fraction, to divide."""
        return Fraction(self.exact)


class Place(NamedTuple):
    """Where units stand in a cycle's count: `before` were counted first, `whole` are all of it.

    `is_asked`: an earlier version of the price asked what is asked once for a cycle.
    """

    before: Decimal
    whole: Decimal
    is_asked: bool = False


class Charge(NamedTuple):
    """What `units` at their place cost: the steps over those beyond the allowance."""

    units: Decimal
    place: Place
    allowance: Decimal
    billable: Decimal
    steps: tuple[Step, ...]

    @property
    def exact(self) -> Decimal:
        """The whole amount in minor units, with every digit it has."""
        return self.steps[0].exact if len(self.steps) == 1 else total(s.exact for s in self.steps)

    @property
    def amount(self) -> Fraction:
        """The same as a fraction, to divide."""
        return Fraction(self.exact)

    @property
    def asks_once(self) -> bool:
        """Whether it holds what is asked once for a cycle."""
        return any(step.asks_once for step in self.steps)


class Reach(NamedTuple):
    """What is charged: from which to which unit beyond the allowance, of how many in the cycle."""

    start: Decimal
    end: Decimal
    whole: Decimal
    is_asked: bool

    @property
    def units(self) -> Decimal:
        """How many units that is."""
        return subtract(self.end, self.start)

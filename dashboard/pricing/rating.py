"""Rating: terms and a quantity, or attachment segments, in; an amount and its explanation out.

Pure. One rounding per line, half away from zero, to the currency's minor unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, Protocol

from dashboard.errors import Invalid
from dashboard.money import round_minor
from dashboard.pricing import trace
from dashboard.pricing.charge import Charge, charge
from dashboard.pricing.terms import Terms

# Well inside BIGINT, and far beyond what any payment system takes for one line.
MAX_CENTS = 10**15


class AmountTooLarge(Invalid):
    """A quantity and a price that multiply to more than one line can hold."""

    code = "amount_too_large"


class Span(Protocol):
    """A stretch of time whose length is known in whole seconds."""

    @property
    def seconds(self) -> int:
        """The length in whole seconds."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A service had `quantity` from `start` up to, but not including, `end`."""

    start: datetime
    end: datetime
    quantity: Decimal

    @property
    def seconds(self) -> int:
        """The length in whole seconds."""
        return int((self.end - self.start).total_seconds())


@dataclass(frozen=True, slots=True)
class Rated:
    """A whole amount in minor units, and the JSON-able trace that explains it."""

    amount_cents: int
    trace: dict[str, Any]


def rate_metered(terms: Terms, quantity: Decimal) -> Rated:
    """Return what `quantity` units, used over a whole cycle, cost."""
    charged = charge(terms, quantity)
    cents = _rounded(charged.amount)
    return Rated(cents, trace.of_usage(terms, charged, cents))


def rate_recurring(terms: Terms, segments: Sequence[Segment], cycle_period: Span) -> Rated:
    """Return the fee for `segments` of a cycle: each its share of the whole fee, to the second."""
    parts: list[tuple[Segment, Charge, Fraction]] = []
    for segment in segments:
        charged = charge(terms, segment.quantity)
        share = Fraction(segment.seconds, cycle_period.seconds)
        parts.append((segment, charged, charged.amount * share))
    exact = sum((amount for _, _, amount in parts), Fraction(0))
    cents = _rounded(exact)
    return Rated(cents, trace.of_fee(terms, parts, cycle_period.seconds, exact, cents))


def _rounded(exact: Fraction) -> int:
    cents = round_minor(exact)
    if abs(cents) > MAX_CENTS:
        raise AmountTooLarge(
            f"This would make a line of {cents} minor units; a line holds at most {MAX_CENTS}. "
            "Nothing was recorded. Check the quantity and the price's unit amount."
        )
    return cents

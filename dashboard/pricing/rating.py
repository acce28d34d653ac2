"""Rating: terms and a quantity, or attachment segments, in; an amount and its explanation out.

Pure. One rounding per line, half away from zero, to what the currency can be charged in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, Protocol

from dashboard.errors import Invalid
from dashboard.intervals import EVERY, times_in
from dashboard.money import round_charge
from dashboard.pricing import trace
from dashboard.pricing.charge import charge
from dashboard.pricing.exact import EXACT, total
from dashboard.pricing.steps import Charge, Place
from dashboard.pricing.terms import Terms

# Well inside BIGINT, and far beyond what any payment system takes for one line.
MAX_CENTS = 10**15


class CannotRate(Invalid):
    """What is owed cannot be put on a line, so nothing is."""

    code = "cannot_rate"


class AmountTooLarge(CannotRate):
    """A quantity and a price that multiply to more than one line can hold."""

    code = "amount_too_large"


class FeeDoesNotFit(CannotRate):
    """A cycle is no whole number of the intervals that a fee is for."""

    code = "fee_does_not_fit"


class Span(Protocol):
    """A stretch of time whose length is known in whole seconds."""

    @property
    def seconds(self) -> int:
        """The length in whole seconds."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole cycle: how long it is, and how many of the intervals of a fee it has."""

    seconds: int
    times: int = 1


class Recurring(Protocol):
    """What a price tells of how often its fee is asked."""

    @property
    def code(self) -> str:
        """What it is called in the catalog."""

    @property
    def interval(self) -> str:
        """What its fee is for."""


def whole_cycle(interval: str, seconds: int, price: Recurring, *, is_held: bool = True) -> Whole:
    """Return a whole cycle of this interval for the fees of `price`; raise FeeDoesNotFit.

    A fee of which nothing `is_held` in the cycle asks for nothing there, so it need not fit.
    """
    times = times_in(price.interval, interval)
    if times is None and is_held:
        raise FeeDoesNotFit(
            f"{price.code} is a fee per {price.interval}, which cannot be billed in a "
            f"{EVERY[interval].lower()} cycle. Nothing was changed. Choose another price.",
            field="price",
        )
    return Whole(seconds, times or 1)


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
    """Return what `quantity` units, used over a whole cycle under one version, cost."""
    return rate_cycle([(terms, quantity)])[0]


def cents_of_usage(terms: Terms, quantity: Decimal) -> int:
    """Return the amount alone of what `rate_metered` returns; explaining it takes twice as long."""
    return _rounded(charge(terms, quantity).exact, terms.currency)


def rate_cycle(used: Sequence[tuple[Terms, Decimal]]) -> list[Rated]:
    """Return what each version of one price costs in a cycle, the earliest version first.

    `used` are their terms and units in the same order. The units of all versions are one count: a
    version costs what everything up to its last unit does, less what everything before its first
    does, both under its own terms. Volume takes the tier of the whole count, and a flat amount (of
    a price or of a volume tier) is asked by the first version that has one and units to charge.
    """
    found: list[Rated] = []
    for terms, charged in _charges(used):
        cents = _rounded(charged.exact, terms.currency)
        found.append(Rated(cents, trace.of_usage(terms, charged, cents)))
    return found


def cents_of_cycle(used: Sequence[tuple[Terms, Decimal]]) -> list[int]:
    """Return the amounts alone of what `rate_cycle` returns; explaining them takes the longest."""
    return [_rounded(charged.exact, terms.currency) for terms, charged in _charges(used)]


def costs_of_cycle(used: Sequence[tuple[Terms, Decimal]]) -> list[int]:
    """Do as `cents_of_cycle` for what no line will hold: midway a count may cost more than whole.

    Below a cheaper volume tier, that is; who asks for a day must not be refused for it.
    """
    return [round_charge(charged.exact, terms.currency) for terms, charged in _charges(used)]


def _charges(used: Sequence[tuple[Terms, Decimal]]) -> Iterator[tuple[Terms, Charge]]:
    whole = total(quantity for _, quantity in used)
    place = Place(Decimal(0), whole)
    for terms, quantity in used:
        charged = charge(terms, quantity, place)
        yield terms, charged
        is_asked = place.is_asked or charged.asks_once
        place = Place(EXACT.add(place.before, quantity), whole, is_asked)


def rate_recurring(terms: Terms, segments: Sequence[Segment], cycle: Span, times: int = 1) -> Rated:
    """Return the fee for `segments` of a cycle: each its share of the whole fee, to the second.

    `cycle` is the whole one, also where only a part of it is billed; it asks for the fee so many
    `times`, as a quarter does for a month's.
    """
    parts: list[tuple[Segment, Charge, Fraction]] = []
    for segment in segments:
        charged = charge(terms, segment.quantity)
        share = Fraction(segment.seconds, cycle.seconds) * times
        parts.append((segment, charged, charged.amount * share))
    exact = sum((amount for _, _, amount in parts), Fraction(0))
    cents = _rounded(exact, terms.currency)
    return Rated(cents, trace.of_fee(terms, parts, cycle.seconds, times, exact, cents))


def _rounded(exact: Decimal | Fraction, currency: str) -> int:
    cents = round_charge(exact, currency)
    if abs(cents) > MAX_CENTS:
        raise AmountTooLarge(
            f"This would make a line of {cents} minor units; a line can be at most {MAX_CENTS}. "
            "Nothing was recorded. Check the quantity and the price's unit amount."
        )
    return cents

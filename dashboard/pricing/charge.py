"""The five pricing models: what a quantity costs, exactly and unrounded. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from dashboard.pricing.exact import EXACT, subtract, total
from dashboard.pricing.terms import Terms

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


class _Reach(NamedTuple):
    """What is charged: from which to which unit beyond the allowance, of how many in the cycle."""

    start: Decimal
    end: Decimal
    whole: Decimal
    is_asked: bool


def charge(terms: Terms, units: Decimal, place: Place | None = None) -> Charge:
    """Return what `units` cost under `terms`: nothing while the allowance covers them.

    With units before them it is what all of them cost less what those before would: allowance,
    tiers and packages go on where the count stands.
    """
    place = place or Place(NOTHING, units)
    start, end, whole = (
        _beyond(count, terms.allowance)
        for count in (place.before, EXACT.add(place.before, units), place.whole)
    )
    billable = subtract(end, start)
    reach = _Reach(start, end, whole, place.is_asked)
    steps = tuple(_STEPS[terms.model](terms, reach)) if billable else ()
    return Charge(units, place, subtract(units, billable), billable, steps)


def _beyond(count: Decimal, allowance: Decimal) -> Decimal:
    return max(subtract(count, allowance), NOTHING) if allowance else max(count, NOTHING)


def cost_up_to(terms: Terms, charged: Charge) -> Fraction:
    """Return what the units of `charged` and all before them cost under `terms`."""
    if not charged.place.before and not charged.place.is_asked:
        return charged.amount
    count = EXACT.add(charged.place.before, charged.units)
    return charge(terms, count, Place(NOTHING, charged.place.whole)).amount


def room(terms: Terms, billable: Decimal) -> Decimal:
    """Return how many more units fit into the last package that `billable` units began."""
    held = EXACT.multiply(Decimal(_packages(terms, billable)), terms.package_size or Decimal(1))
    return subtract(held, billable)


def _flat(terms: Terms, reach: _Reach) -> Iterator[Step]:
    if not reach.is_asked:
        yield Step("flat", Decimal(1), terms.unit_amount, asks_once=bool(terms.unit_amount))


def _per_unit(terms: Terms, reach: _Reach) -> Iterator[Step]:
    yield Step("units", subtract(reach.end, reach.start), terms.unit_amount)


def _package(terms: Terms, reach: _Reach) -> Iterator[Step]:
    more = _packages(terms, reach.end) - _packages(terms, reach.start)
    if more:
        yield Step("packages", Decimal(more), terms.unit_amount)


def _packages(terms: Terms, billable: Decimal) -> int:
    # A started package is charged whole.
    (units, of), (size, of_size) = (
        one.as_integer_ratio() for one in (billable, terms.package_size or Decimal(1))
    )
    return -(-units * of_size // (of * size))


def _graduated(terms: Terms, reach: _Reach) -> Iterator[Step]:
    floor = NOTHING
    for tier in terms.tiers:
        top = reach.end if tier.up_to is None else min(reach.end, tier.up_to)
        low = max(reach.start, floor)
        if low < top:
            is_begun = low > floor  # whoever enters a tier owes its flat amount
            flat = NOTHING if is_begun else tier.flat_amount
            units = subtract(top, low)
            yield Step("tier", units, tier.unit_amount, flat, tier.up_to, is_begun)
        if top == reach.end:
            return
        floor = top


def _volume(terms: Terms, reach: _Reach) -> Iterator[Step]:
    tier = next(tier for tier in terms.tiers if tier.up_to is None or reach.whole <= tier.up_to)
    flat = NOTHING if reach.is_asked else tier.flat_amount
    units = subtract(reach.end, reach.start)
    yield Step("tier", units, tier.unit_amount, flat, tier.up_to, asks_once=bool(flat))


_STEPS = {
    "flat": _flat,
    "per_unit": _per_unit,
    "package": _package,
    "graduated": _graduated,
    "volume": _volume,
}

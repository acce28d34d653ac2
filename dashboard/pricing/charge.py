"""What a quantity costs under its terms, exactly and unrounded. Pure."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from dashboard.pricing.exact import EXACT, subtract
from dashboard.pricing.steps import NOTHING, Charge, Place, Reach
from dashboard.pricing.terms import Terms


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
    reach = Reach(start, end, whole, place.is_asked)
    steps = tuple(terms.priced.steps(terms, reach)) if billable else ()
    return Charge(units, place, subtract(units, billable), billable, steps)


def _beyond(count: Decimal, allowance: Decimal) -> Decimal:
    return max(subtract(count, allowance), NOTHING) if allowance else max(count, NOTHING)


def cost_up_to(terms: Terms, charged: Charge) -> Fraction:
    """Return what the units of `charged` and all before them cost under `terms`."""
    if not charged.place.before and not charged.place.is_asked:
        return charged.amount
    count = EXACT.add(charged.place.before, charged.units)
    return charge(terms, count, Place(NOTHING, charged.place.whole)).amount

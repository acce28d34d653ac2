"""How many units a record may have that needs no look at what was counted before. Pure."""

from __future__ import annotations

from decimal import Decimal

from dashboard.pricing.rating import MAX_CENTS
from dashboard.pricing.terms import Terms

# A line holds the cost of a million records of the most units, whatever was counted before.
RECORDS_PER_LINE = 10**6
MODEST_CENTS = MAX_CENTS // RECORDS_PER_LINE
MODEST_UNITS = Decimal(10) ** 12


def most_units(terms: Terms) -> Decimal:
    """Return how many units under these terms need no look at what was counted before."""
    dearest = terms.priced.dearest(terms)
    return min(MODEST_UNITS, MODEST_CENTS / dearest) if dearest else MODEST_UNITS

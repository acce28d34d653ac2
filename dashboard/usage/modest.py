"""How many units a record may have that needs no look at what was counted before. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from dashboard.pricing.rating import MAX_CENTS
from dashboard.pricing.terms import Tier

# A line holds the cost of a million records of the most units, whatever was counted before.
RECORDS_PER_LINE = 10**6
MODEST_CENTS = MAX_CENTS // RECORDS_PER_LINE
MODEST_UNITS = Decimal(10) ** 12


def most_units(
    model: str,
    unit_amount: Decimal,
    package_size: Decimal | None,
    tiers: Iterable[Mapping[str, Any]],
) -> Decimal:
    """Return how many units under these terms need no look at what was counted before."""
    dearest = max((Tier.from_json(step).unit_amount for step in tiers), default=unit_amount)
    if model == "flat" or not dearest:
        return MODEST_UNITS
    return min(MODEST_UNITS, MODEST_CENTS * (package_size or Decimal(1)) / dearest)

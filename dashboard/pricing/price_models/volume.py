"""All units have the price of the tier that the whole count of the cycle reaches."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from dashboard.pricing.exact import counted, plural
from dashboard.pricing.price_models.flat import ASKED
from dashboard.pricing.price_models.tiered import Tiered
from dashboard.pricing.steps import NOTHING, Charge, Reach, Step

if TYPE_CHECKING:
    from dashboard.pricing.terms import Terms, Tier


class Volume(Tiered):
    """More units may cost less; the flat amount of the tier is asked once."""

    name = "volume"
    label = "Volume: all units have the price of the tier they reach"
    rule = "All units have the price of the tier that the total reaches."

    def steps(self, terms: Terms, reach: Reach) -> Iterator[Step]:
        tier = next(tier for tier in terms.tiers if tier.up_to is None or reach.whole <= tier.up_to)
        flat = NOTHING if reach.is_asked else tier.flat_amount
        yield Step("tier", reach.units, tier.unit_amount, flat, tier.up_to, asks_once=bool(flat))

    def place_words(self, terms: Terms, charged: Charge, _start: Decimal) -> Iterator[str]:
        if charged.place.whole != charged.units:
            units = counted(charged.place.whole, terms.unit_label)
            yield f"All {units} of the cycle decide the tier."
        if charged.place.is_asked:
            yield ASKED

    def reach_words(self, terms: Terms, tier: Tier, _before: Decimal | None) -> str:
        return f"up to {counted(tier.up_to or Decimal(0), terms.unit_label)}"

    def tier_words(self, name: str, terms: Terms) -> str:
        units, steps, included = (
            plural(terms.unit_label),
            self.tier_list(terms),
            self.included(terms),
        )
        if included:
            units = f"{units} beyond the {included} included"
        return f"{name}: all {units} have the price of the tier they reach: {steps}."

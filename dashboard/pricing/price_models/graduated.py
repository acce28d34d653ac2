"""Each unit has the price of the tier that it lies in."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from dashboard.pricing.exact import grouped, subtract
from dashboard.pricing.price_models.base import Each
from dashboard.pricing.price_models.tiered import Tiered
from dashboard.pricing.steps import NOTHING, Charge, Reach, Step

if TYPE_CHECKING:
    from dashboard.pricing.terms import Terms, Tier


class Graduated(Tiered):
    """Units fill one tier after the other; whoever enters a tier owes its flat amount."""

    name = "graduated"
    label = "Graduated: each unit has the price of its tier"
    rule = "Each unit has the price of its tier."

    def steps(self, terms: Terms, reach: Reach) -> Iterator[Step]:
        floor = NOTHING
        for tier in terms.tiers:
            top = reach.end if tier.up_to is None else min(reach.end, tier.up_to)
            low = max(reach.start, floor)
            if low < top:
                is_begun = low > floor
                flat = NOTHING if is_begun else tier.flat_amount
                units = subtract(top, low)
                yield Step("tier", units, tier.unit_amount, flat, tier.up_to, is_begun)
            if top == reach.end:
                return
            floor = top

    def place_words(self, terms: Terms, _charged: Charge, start: Decimal) -> Iterator[str]:
        used_up = [tier.up_to for tier in terms.tiers if tier.up_to and tier.up_to <= start]
        if used_up:
            count = "tier" if len(used_up) == 1 else f"{len(used_up)} tiers"
            verb = "was" if len(used_up) == 1 else "were"
            yield f"The {count} up to {grouped(used_up[-1])} {verb} used up earlier."

    def reach_words(self, _terms: Terms, tier: Tier, before: Decimal | None) -> str:
        up_to = tier.up_to or Decimal(0)
        if before is None:
            return f"the first {grouped(up_to)}"
        return f"the next {grouped(subtract(up_to, before))}"

    def tier_words(self, name: str, terms: Terms) -> str:
        included = self.included(terms)
        beyond = f", counted beyond the {included} included" if included else ""
        return f"{name} is priced by tier{beyond}: {self.tier_list(terms)}."

    def each_more(self, terms: Terms, low: Decimal, high: Decimal) -> Each | None:
        start, end = subtract(low, terms.allowance), subtract(high, terms.allowance)
        floor = NOTHING
        for tier in terms.tiers:
            if tier.up_to is None or end <= tier.up_to:
                return Each(tier.unit_amount) if start >= floor else None
            floor = tier.up_to
        return None

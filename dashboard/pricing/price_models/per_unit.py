"""Each unit costs the same."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from dashboard.pricing.exact import major_text, per
from dashboard.pricing.price_models.base import Each, PriceModel
from dashboard.pricing.steps import Reach, Step

if TYPE_CHECKING:
    from dashboard.pricing.terms import Terms


class PerUnit(PriceModel):
    """The amount of a price, times the units."""

    name = "per_unit"
    label = "Per unit"
    is_per_unit = True

    def steps(self, terms: Terms, reach: Reach) -> Iterator[Step]:
        yield Step("units", reach.units, terms.unit_amount)

    def words(self, terms: Terms) -> Iterator[str]:
        amount = major_text(terms.unit_amount, terms.currency)
        yield f"{amount} {per(Decimal(1), terms.unit_label)}."

    def each_more(self, terms: Terms, _low: Decimal, _high: Decimal) -> Each | None:
        return Each(terms.unit_amount)

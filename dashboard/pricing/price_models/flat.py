"""One amount for a cycle, however many units."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from dashboard.pricing.exact import major_text
from dashboard.pricing.price_models.base import PriceModel
from dashboard.pricing.steps import NOTHING, Charge, Reach, Step

if TYPE_CHECKING:
    from dashboard.pricing.terms import Terms

ASKED = "The flat amount of the cycle was billed under an earlier version."


class Flat(PriceModel):
    """Asked once by the first version that has units to charge."""

    name = "flat"
    label = "Flat: one amount, however many"
    is_flat = True

    def steps(self, terms: Terms, reach: Reach) -> Iterator[Step]:
        if not reach.is_asked:
            yield Step("flat", Decimal(1), terms.unit_amount, asks_once=bool(terms.unit_amount))

    def words(self, terms: Terms) -> Iterator[str]:
        yield f"{major_text(terms.unit_amount, terms.currency)}, for any number."

    def step_words(self, terms: Terms, step: Step) -> str:
        return f"Flat amount: {major_text(step.unit_amount, terms.currency)}."

    def place_words(self, _terms: Terms, charged: Charge, _start: Decimal) -> Iterator[str]:
        if charged.place.is_asked:
            yield ASKED

    def unit_price(self, amount: str, _package_size: Decimal | None) -> str:
        return f"{amount} flat"

    def dearest(self, _terms: Terms) -> Decimal:
        return NOTHING

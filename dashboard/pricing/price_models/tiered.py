"""What the models with tiers have in common: how tiers are said."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from dashboard.pricing.exact import counted, grouped, major_fraction_text, major_text
from dashboard.pricing.price_models.base import PriceModel
from dashboard.pricing.steps import Step

if TYPE_CHECKING:
    from dashboard.pricing.terms import Terms, Tier


class Tiered(PriceModel):
    """A price by the tiers that the count reaches; `rule` is what they mean."""

    has_tiers = True
    rule: ClassVar[str]

    @abstractmethod
    def reach_words(self, terms: Terms, tier: Tier, before: Decimal | None) -> str:
        """Return which units a tier prices, on the foot of an invoice; not of the last."""

    def words(self, terms: Terms) -> Iterator[str]:
        yield self.rule
        above = Decimal(0)
        for tier in terms.tiers:
            each = major_text(tier.unit_amount, terms.currency)
            once = f", and {major_text(tier.flat_amount, terms.currency)} once"
            yield f"{_span(above, tier)}: {each} each{once if tier.flat_amount else ''}."
            above = tier.up_to or above

    def step_words(self, terms: Terms, step: Step) -> str:
        each = major_text(step.unit_amount, terms.currency)
        words = f"{counted(step.quantity, terms.unit_label)} at {each} each, {_of_tier(step)}"
        if step.flat_amount:
            words += f", plus {major_text(step.flat_amount, terms.currency)}"
        return f"{words}: {major_fraction_text(step.amount, terms.currency)}."

    def unit_price(self, _amount: str, _package_size: Decimal | None) -> str:
        return "by tier"

    def tier_list(self, terms: Terms) -> str:
        """Return each tier with its price, for the foot of an invoice."""
        before: Decimal | None = None
        steps: list[str] = []
        for tier in terms.tiers:
            last = tier.up_to is None
            reach = "all above" if last else self.reach_words(terms, tier, before)
            steps.append(f"{reach} at {_each(tier, terms.currency)}")
            before = tier.up_to
        return ", ".join(steps)

    def included(self, terms: Terms) -> str:
        """Return the units that no tier counts; nothing where every unit is in one."""
        return counted(terms.allowance, terms.unit_label) if terms.allowance else ""

    def dearest(self, terms: Terms) -> Decimal:
        return max(tier.unit_amount for tier in terms.tiers)


def _span(above: Decimal, tier: Tier) -> str:
    if tier.up_to is None:
        return f"Above {grouped(above)}" if above else "Any number"
    up_to = f"up to {grouped(tier.up_to)}"
    return f"Above {grouped(above)}, {up_to}" if above else f"U{up_to[1:]}"


def _of_tier(step: Step) -> str:
    if step.up_to is None:
        return "last tier"
    tier = f"tier up to {grouped(step.up_to)}"
    return f"rest of the {tier}" if step.is_begun else tier


def _each(tier: Tier, currency: str) -> str:
    each = major_text(tier.unit_amount, currency)
    return f"{each} plus {major_text(tier.flat_amount, currency)}" if tier.flat_amount else each

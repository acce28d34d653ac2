"""What a price model is: all that depends on how units become an amount, in one object. Pure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from dashboard.pricing.exact import counted, major_fraction_text, major_text
from dashboard.pricing.steps import Charge, Reach, Step

if TYPE_CHECKING:
    from dashboard.pricing.terms import Terms


class Each(NamedTuple):
    """So much for each further `units`."""

    amount: Decimal
    units: Decimal = Decimal(1)


class PriceModel(ABC):
    """How the units of a cycle are charged, and how that is said.

    `label` is what a form calls it. Terms have a package size where it `has_packages`, and tiers
    instead of an amount where it `has_tiers`. `is_per_unit`: each unit costs the same, whatever
    was counted before. `is_flat`: no unit costs anything, only that there are some.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    has_tiers: ClassVar[bool] = False
    has_packages: ClassVar[bool] = False
    is_per_unit: ClassVar[bool] = False
    is_flat: ClassVar[bool] = False

    @abstractmethod
    def steps(self, terms: Terms, reach: Reach) -> Iterator[Step]:
        """Yield the parts of what the units of `reach` cost; there is at least one."""

    @abstractmethod
    def words(self, terms: Terms) -> Iterator[str]:
        """Yield what it asks for, in sentences for the catalog, without the allowance."""

    def step_words(self, terms: Terms, step: Step) -> str:
        """Return what one part of a charge costs."""
        each = major_text(step.unit_amount, terms.currency)
        amount = major_fraction_text(step.amount, terms.currency)
        return f"{counted(step.quantity, terms.unit_label)} at {each} each: {amount}."

    def place_words(self, _terms: Terms, _charged: Charge, _start: Decimal) -> Iterator[str]:
        """Yield what the count before the units mean for them; `start` of it is charged."""
        yield from ()

    def unit_price(self, amount: str, _package_size: Decimal | None) -> str:
        """Return what a line says that a unit costs, from the amount of its price."""
        return amount

    def tier_words(self, _name: str, _terms: Terms) -> str:
        """Return what the foot of an invoice says of the tiers of a price; nothing without any."""
        return ""

    def dearest(self, terms: Terms) -> Decimal:
        """Return the most that any one unit costs, in minor units."""
        return terms.unit_amount

    def each_more(self, _terms: Terms, _low: Decimal, _high: Decimal) -> Each | None:
        """Return what each unit after the count of `low` costs up to `high`; None: it may change.

        Both counts hold the allowance.
        """
        return None

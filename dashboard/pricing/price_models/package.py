"""Whole packages: one that is started is charged in full."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from dashboard.pricing.exact import (
    EXACT,
    counted,
    grouped,
    major_fraction_text,
    major_text,
    per,
    subtract,
)
from dashboard.pricing.price_models.base import Each, PriceModel
from dashboard.pricing.steps import Charge, Reach, Step

if TYPE_CHECKING:
    from dashboard.pricing.terms import Terms


class Package(PriceModel):
    """The amount of a price for each package of so many units."""

    name = "package"
    label = "Per package, started or full"
    has_packages = True

    def steps(self, terms: Terms, reach: Reach) -> Iterator[Step]:
        more = _packages(terms, reach.end) - _packages(terms, reach.start)
        if more:
            yield Step("packages", Decimal(more), terms.unit_amount)

    def words(self, terms: Terms) -> Iterator[str]:
        amount = major_text(terms.unit_amount, terms.currency)
        yield f"{amount} {per(_size(terms), terms.unit_label)}, started or full."

    def step_words(self, terms: Terms, step: Step) -> str:
        each = major_text(step.unit_amount, terms.currency)
        amount = major_fraction_text(step.amount, terms.currency)
        size = counted(_size(terms), terms.unit_label)
        return f"{counted(step.quantity, 'package')} of {size} at {each} each: {amount}."

    def place_words(self, terms: Terms, charged: Charge, start: Decimal) -> Iterator[str]:
        fitting = min(_room(terms, start), charged.billable)
        if fitting:
            begun = "the package started under an earlier version"
            yield f"{grouped(fitting)} of them fit into {begun}."

    def unit_price(self, amount: str, package_size: Decimal | None) -> str:
        return f"{amount} per {grouped(package_size or Decimal(1))}"

    def dearest(self, terms: Terms) -> Decimal:
        return terms.unit_amount / _size(terms)

    def each_more(self, terms: Terms, _low: Decimal, _high: Decimal) -> Each | None:
        return Each(terms.unit_amount, _size(terms))


def _size(terms: Terms) -> Decimal:
    return terms.package_size or Decimal(1)


def _packages(terms: Terms, billable: Decimal) -> int:
    (units, of), (size, of_size) = (one.as_integer_ratio() for one in (billable, _size(terms)))
    return -(-units * of_size // (of * size))


def _room(terms: Terms, billable: Decimal) -> Decimal:
    """Return how many more units fit into the last package that `billable` units started."""
    held = EXACT.multiply(Decimal(_packages(terms, billable)), _size(terms))
    return subtract(held, billable)

"""The five pricing models: what a quantity costs, exactly and unrounded. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from dashboard.pricing.exact import subtract
from dashboard.pricing.terms import Terms, Tier


@dataclass(frozen=True, slots=True)
class Step:
    """One part of a charge: `quantity` units (or blocks) at `unit_amount`, plus `flat_amount`."""

    kind: str
    quantity: Decimal
    unit_amount: Decimal
    flat_amount: Decimal = Decimal(0)
    up_to: Decimal | None = None

    @property
    def amount(self) -> Fraction:
        """The step's amount in minor units, exact."""
        return Fraction(self.quantity) * Fraction(self.unit_amount) + Fraction(self.flat_amount)


@dataclass(frozen=True, slots=True)
class Charge:
    """What `units` cost: the steps over the units beyond the allowance."""

    units: Decimal
    allowance: Decimal
    billable: Decimal
    steps: tuple[Step, ...]

    @property
    def amount(self) -> Fraction:
        """The whole amount in minor units, exact."""
        return sum((step.amount for step in self.steps), Fraction(0))


def charge(terms: Terms, units: Decimal) -> Charge:
    """Return what `units` cost under `terms`: nothing while the allowance covers them."""
    billable = max(subtract(units, terms.allowance), Decimal(0))
    steps = tuple(_STEPS[terms.model](terms, billable)) if billable else ()
    return Charge(units, min(terms.allowance, max(units, Decimal(0))), billable, steps)


def _flat(terms: Terms, _billable: Decimal) -> Iterator[Step]:
    yield Step("flat", Decimal(1), terms.unit_amount)


def _per_unit(terms: Terms, billable: Decimal) -> Iterator[Step]:
    yield Step("units", billable, terms.unit_amount)


def _package(terms: Terms, billable: Decimal) -> Iterator[Step]:
    size = Fraction(terms.package_size or 1)
    blocks = -(-Fraction(billable) // size)  # a started block is charged whole
    yield Step("packages", Decimal(blocks), terms.unit_amount)


def _graduated(terms: Terms, billable: Decimal) -> Iterator[Step]:
    reached = Decimal(0)
    for tier in terms.tiers:
        if billable <= reached:
            return
        top = billable if tier.up_to is None else min(billable, tier.up_to)
        yield _tier_step(tier, subtract(top, reached))
        reached = top


def _volume(terms: Terms, billable: Decimal) -> Iterator[Step]:
    tier = next(tier for tier in terms.tiers if tier.up_to is None or billable <= tier.up_to)
    yield _tier_step(tier, billable)


def _tier_step(tier: Tier, quantity: Decimal) -> Step:
    return Step("tier", quantity, tier.unit_amount, tier.flat_amount, tier.up_to)


_STEPS = {
    "flat": _flat,
    "per_unit": _per_unit,
    "package": _package,
    "graduated": _graduated,
    "volume": _volume,
}

"""What a price version asks for, as plain values that can be rated without a database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any, Protocol

from dashboard.errors import Invalid
from dashboard.pricing.price_models import MODELS, PACKAGED, PRICE_MODELS, TIERED
from dashboard.pricing.price_models.base import PriceModel

# Minor units; as much as one charge through the API may be. A line holds a thousand times that, so
# that no price makes one that cannot be rated.
HIGHEST_AMOUNT = 10**12


class BadTerms(Invalid):
    """A price version that could not be rated."""

    code = "bad_terms"


@dataclass(frozen=True, slots=True)
class Tier:
    """Units up to and including `up_to` (None: all the rest); amounts are in minor units."""

    up_to: Decimal | None
    unit_amount: Decimal
    flat_amount: Decimal = Decimal(0)

    @classmethod
    def from_json(cls, step: Mapping[str, Any]) -> Tier:
        """Read a tier as it is stored: exact decimals as strings."""
        up_to = step.get("up_to")
        return cls(
            None if up_to is None else Decimal(up_to),
            Decimal(step["unit_amount"]),
            Decimal(step.get("flat_amount") or "0"),
        )

    def to_json(self) -> dict[str, str | None]:
        """Return the tier as it is stored."""
        return {
            "up_to": None if self.up_to is None else f"{self.up_to:f}",
            "unit_amount": f"{self.unit_amount:f}",
            "flat_amount": f"{self.flat_amount:f}",
        }


class TermsColumns(Protocol):
    """A version of a price as a row has it, with what it needs of its price."""

    @property
    def model(self) -> str:
        """The name of its price model."""

    @property
    def unit_amount(self) -> Decimal:
        """What a unit or a whole cycle costs, in minor units."""

    @property
    def allowance(self) -> Decimal:
        """The units that cost nothing."""

    @property
    def package_size(self) -> Decimal | None:
        """How many units one package holds."""

    @property
    def tiers(self) -> Sequence[Mapping[str, Any]]:
        """The tiers, as `Tier.to_json` has them."""

    @property
    def currency(self) -> str:
        """The currency of the price."""

    @property
    def unit_label(self) -> str:
        """What the price calls a unit."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of one price version.

    Unit amounts are minor units of `currency`; for a recurring price they are a whole cycle's fee.
    """

    model: str
    unit_amount: Decimal
    currency: str
    unit_label: str = "unit"
    allowance: Decimal = Decimal(0)
    package_size: Decimal | None = None
    tiers: tuple[Tier, ...] = ()

    @classmethod
    def of(cls, row: TermsColumns) -> Terms:
        """Return the terms that a row holds."""
        return cls(
            model=row.model,
            unit_amount=row.unit_amount,
            currency=row.currency,
            unit_label=row.unit_label,
            allowance=row.allowance,
            package_size=row.package_size,
            tiers=tuple(map(Tier.from_json, row.tiers)),
        )

    def columns(self) -> dict[str, Any]:
        """Return the columns of a version that hold them."""
        return {
            "model": self.model,
            "unit_amount": self.unit_amount,
            "allowance": self.allowance,
            "package_size": self.package_size,
            "tiers": [tier.to_json() for tier in self.tiers],
        }

    @property
    def priced(self) -> PriceModel:
        """The model that they are rated by."""
        return PRICE_MODELS[self.model]

    def check(self) -> None:
        """Raise BadTerms, naming what is wrong, unless every quantity can be rated."""
        if self.model not in PRICE_MODELS:
            raise BadTerms(
                f"{self.model!r} is not a pricing model; use one of {', '.join(MODELS)}."
            )
        if self.allowance < 0 or self.unit_amount < 0:
            raise BadTerms("The unit amount and the allowance must not be negative.")
        if self.priced.has_packages != (self.package_size is not None):
            raise BadTerms(f"{_those(PACKAGED)} prices, and only those, need a package size.")
        if self.package_size is not None and self.package_size <= 0:
            raise BadTerms("The package size must be above zero.")
        if self.priced.has_tiers != bool(self.tiers):
            raise BadTerms(f"{_those(TIERED)} prices, and only those, need tiers.")
        _check_tiers(self.tiers)
        self._check_amounts()

    def _check_amounts(self) -> None:
        asked = [self.unit_amount]
        for tier in self.tiers:
            asked += [tier.unit_amount, tier.flat_amount]
        if max(asked) > HIGHEST_AMOUNT:
            raise BadTerms(
                f"An amount of a price is at most {HIGHEST_AMOUNT} minor units. Nothing was "
                "changed. Unit amounts are minor units: 500 is 5.00."
            )


def _those(names: Sequence[str]) -> str:
    return " and ".join(names).replace("_", " ").capitalize()


def _check_tiers(tiers: Iterable[Tier]) -> None:
    steps = list(tiers)
    if not steps:
        return
    bounds = [step.up_to for step in steps]
    if bounds[-1] is not None or None in bounds[:-1]:
        raise BadTerms("The last tier, and only the last, must be open-ended (up_to null).")
    edges = [Decimal(0), *(bound for bound in bounds if bound is not None)]
    if any(low >= high for low, high in pairwise(edges)):
        raise BadTerms("Each tier must end above the one before it.")
    if any(step.unit_amount < 0 or step.flat_amount < 0 for step in steps):
        raise BadTerms("The amounts of a tier must not be negative.")

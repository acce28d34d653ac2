"""Prices as the API speaks of them; unit amounts are minor units: "0.05" is 1/20 of a cent."""

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StringConstraints

from dashboard.api.schemas.types import (
    Currency,
    ExactDecimal,
    Instant,
    Interval,
    Printable,
    Sent,
    Slug,
    Text,
    Told,
)
from dashboard.pricing.models import Price, PriceVersion
from dashboard.pricing.price_models import MODELS
from dashboard.pricing.products import product_of
from dashboard.pricing.terms import Terms, Tier

UnitLabel = Annotated[str, StringConstraints(min_length=1, max_length=40), Printable]
if TYPE_CHECKING:
    Model = str
else:
    # By their names, so that the description and the refusal list those there are.
    Model = Literal[MODELS]


class TierModel(Sent):
    """Units up to and including `up_to`; the last tier has none."""

    up_to: ExactDecimal | None
    unit_amount: ExactDecimal = Decimal(0)
    flat_amount: ExactDecimal = Decimal(0)


class TermsIn(Sent):
    """What a price costs: for a recurring price, the fee for its interval per unit of quantity."""

    model: Model = "per_unit"
    unit_amount: ExactDecimal = Decimal(0)
    allowance: ExactDecimal = Decimal(0)
    package_size: ExactDecimal | None = None
    tiers: Annotated[list[TierModel], Field(max_length=50, default_factory=list)]

    def terms(self, currency: str, unit_label: str) -> Terms:
        """Return the terms in plain values."""
        return Terms(
            model=self.model,
            unit_amount=self.unit_amount,
            currency=currency,
            unit_label=unit_label,
            allowance=self.allowance,
            package_size=self.package_size,
            tiers=tuple(Tier(one.up_to, one.unit_amount, one.flat_amount) for one in self.tiers),
        )


class PriceIn(TermsIn):
    """A new price, in force from `effective_at` (default: now); a metered one counts `meter`.

    Bills list it under `product`, by default its own name. A recurring price is a fee for its
    `interval`; a cycle that has several of them asks for it as often.
    """

    code: Slug
    name: Text
    product: Text | None = None
    kind: Literal["recurring", "metered"]
    currency: Currency
    meter: Slug | None = None
    unit_label: UnitLabel = "unit"
    interval: Interval = "month"
    effective_at: Instant | None = None


class ProductIn(Sent):
    """The product that bills list a price under; null: its own name."""

    product: Text | None


class VersionIn(TermsIn):
    """New terms of a price, from a later time on."""

    effective_at: Instant


class VersionOut(Told):
    """What a price costs from `effective_at` until the next version."""

    effective_at: Instant
    model: str
    unit_amount: ExactDecimal
    allowance: ExactDecimal
    package_size: ExactDecimal | None
    tiers: list[TierModel]

    @classmethod
    def of(cls, version: PriceVersion) -> "VersionOut":
        """Read a version."""
        tiers = [Tier.from_json(step) for step in version.tiers]
        return cls.model_construct(
            effective_at=version.effective_at,
            model=version.model,
            unit_amount=version.unit_amount,
            allowance=version.allowance,
            package_size=version.package_size,
            tiers=[
                TierModel.model_construct(
                    up_to=one.up_to, unit_amount=one.unit_amount, flat_amount=one.flat_amount
                )
                for one in tiers
            ],
        )


class PriceOut(Told):
    """A price with all its versions, oldest first; usage has no `interval`."""

    code: str
    name: str
    product: str
    kind: str
    meter: str | None
    unit_label: str
    interval: str | None
    currency: str
    versions: list[VersionOut]

    @classmethod
    def of(cls, price: Price) -> "PriceOut":
        """Read a price."""
        return cls.model_construct(
            code=price.code,
            name=price.name,
            product=product_of(price),
            kind=price.kind,
            meter=price.meter,
            unit_label=price.unit_label,
            interval=price.interval if price.kind == "recurring" else None,
            currency=price.currency,
            versions=[VersionOut.of(version) for version in price.versions],
        )


class PriceList(Told):
    """The catalog."""

    prices: list[PriceOut]

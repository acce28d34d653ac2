"""What may be typed in to change what a price costs."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import AnyOf, InputRequired, Length, Optional, ValidationError

from dashboard.currencies import minor_digits
from dashboard.forms.amounts import read_number
from dashboard.forms.base import Form
from dashboard.forms.day import InstantField
from dashboard.pricing.exact import plain
from dashboard.pricing.models import Price
from dashboard.pricing.price_models import MODELS, PRICE_MODELS
from dashboard.pricing.terms import Terms, Tier

LAST = "rest"
PLACES = 12
MOST_TIERS = 50


class VersionForm(Form):
    """Terms in currency units, and from when on; sent by GET for a preview, by POST to be made."""

    effective_at = InstantField("In force from (UTC)", [InputRequired("Enter a time.")])
    model = SelectField(
        "Model",
        [AnyOf(MODELS, message="Choose one of the models in the list.")],
        choices=[SelectChoice(name, one.label) for name, one in PRICE_MODELS.items()],
        # WTForms' own words for a wrong choice name nothing.
        validate_choice=False,
    )
    unit_amount = StringField("Amount", [Length(max=40)])
    package_size = StringField("Package size", [Optional(), Length(max=40)])
    allowance = StringField("Included", [Optional(), Length(max=40)])
    tiers = TextAreaField("Tiers", [Optional(), Length(max=4000)])

    def __init__(self, price: Price, **kwargs: Any) -> None:
        self.price = price
        super().__init__(**kwargs)

    @classmethod
    def filled(cls, price: Price, terms: Terms) -> VersionForm:
        """Return the form with the terms in force now."""
        return cls(
            price,
            data={
                "model": terms.model,
                "unit_amount": _typed(terms.unit_amount, terms.currency),
                "package_size": plain(terms.package_size) if terms.package_size else "",
                "allowance": plain(terms.allowance) if terms.allowance else "",
                "tiers": "\n".join(_written(tier, terms.currency) for tier in terms.tiers),
            },
        )

    def validate_unit_amount(self, field: StringField) -> None:
        """Refuse what is no amount, and none where the model asks for one."""
        priced = PRICE_MODELS.get(self.model.data)
        if priced and not priced.has_tiers and not (field.data or "").strip():
            raise ValidationError("Enter the amount.")
        self._minor(field.data)

    def validate_package_size(self, field: StringField) -> None:
        """Refuse what is no number."""
        _number(field.data)

    def validate_allowance(self, field: StringField) -> None:
        """Refuse what is no number."""
        _number(field.data)

    def validate_tiers(self, field: TextAreaField) -> None:
        """Refuse lines that are no tiers."""
        self._read_tiers(field.data or "")

    def terms(self) -> Terms:
        """Return the terms; only after validation. `Terms.check` says whether they fit together."""
        priced = PRICE_MODELS[self.model.data]
        return Terms(
            model=self.model.data,
            unit_amount=Decimal(0) if priced.has_tiers else self._minor(self.unit_amount.data),
            currency=self.price.currency,
            unit_label=self.price.unit_label,
            allowance=_number(self.allowance.data) or Decimal(0),
            package_size=_number(self.package_size.data) if priced.has_packages else None,
            tiers=self._read_tiers(self.tiers.data or "") if priced.has_tiers else (),
        )

    def instant(self) -> datetime:
        """Return from when on the version holds; only after validation."""
        typed: datetime = self.effective_at.data
        return typed.replace(tzinfo=UTC)

    def _minor(self, text: str | None) -> Decimal:
        amount = _number(text) or Decimal(0)
        return amount.scaleb(minor_digits(self.price.currency))

    def _read_tiers(self, text: str) -> tuple[Tier, ...]:
        lines = [line.split() for line in text.splitlines() if line.strip()]
        if len(lines) > MOST_TIERS:
            raise ValidationError(f"Enter at most {MOST_TIERS} tiers.")
        return tuple(self._tier(parts) for parts in lines)

    def _tier(self, parts: list[str]) -> Tier:
        if not 2 <= len(parts) <= 3:
            raise ValidationError(
                f"“{' '.join(parts)[:80]}” is not a tier. Enter its last unit, the amount per unit "
                f"and, if any, the amount for the tier, such as “1000 0.05” and “{LAST} 0.04 5”."
            )
        up_to = None if parts[0].lower() == LAST else _number(parts[0])
        flat = self._minor(parts[2]) if len(parts) > 2 else Decimal(0)
        return Tier(up_to, self._minor(parts[1]), flat)


def _number(text: str | None) -> Decimal | None:
    if not (text or "").strip():
        return None
    number = read_number(text or "")
    if number is None or number < 0 or -int(number.as_tuple().exponent) > PLACES:
        raise ValidationError(
            f"“{(text or '').strip()[:80]}” is not a number with at most {PLACES} decimals, such "
            "as 1000 or 0.0005."
        )
    return number


def _typed(minor_units: Decimal, currency: str) -> str:
    return plain(minor_units.scaleb(-minor_digits(currency)))


def _written(tier: Tier, currency: str) -> str:
    up_to = LAST if tier.up_to is None else plain(tier.up_to)
    parts = [up_to, _typed(tier.unit_amount, currency)]
    return " ".join(parts + ([_typed(tier.flat_amount, currency)] if tier.flat_amount else []))

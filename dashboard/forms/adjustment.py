"""What may be typed in to charge or credit an organization once."""

from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import uuid4

from wtforms import HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from dashboard.forms.base import Form
from dashboard.money import Money, minor_digits

MOST = Decimal(999_999_999)


class AdjustmentForm(Form):
    """A charge or a credit, in currency units, with the reason that goes on record."""

    direction = RadioField(
        "Kind",
        [InputRequired("Choose a charge or a credit.")],
        choices=[SelectChoice("charge", "Charge"), SelectChoice("credit", "Credit")],
        default="charge",
    )
    amount = StringField("Amount", [InputRequired("Enter an amount."), Length(max=20)])
    description = StringField(
        "Description on the invoice",
        [DataRequired("Enter what the customer will read."), Length(max=200)],
    )
    reason = TextAreaField(
        "Reason", [DataRequired("Say why; it goes on record."), Length(max=1000)]
    )
    # Made with the form, so that sending it twice adjusts once.
    key = HiddenField(validators=[InputRequired(), Length(max=64)], default=lambda: str(uuid4()))

    def __init__(self, currency: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.currency = currency

    def validate_amount(self, field: StringField) -> None:
        """Refuse what is not a positive amount of the currency's precision."""
        amount = _decimal(field.data or "")
        digits = minor_digits(self.currency)
        if amount is None or not 0 < amount <= MOST:
            raise ValidationError("Enter an amount above zero, such as 25.00.")
        if amount != amount.quantize(Decimal(1).scaleb(-digits)):
            raise ValidationError(f"{self.currency.upper()} has {digits} decimal places.")

    def money(self) -> Money:
        """Return the amount, negative for a credit; only after validation."""
        exact = Decimal(self.amount.data.replace(",", "").strip())
        cents = int(exact.scaleb(minor_digits(self.currency)))
        return Money(-cents if self.direction.data == "credit" else cents, self.currency)


def _decimal(text: str) -> Decimal | None:
    try:
        amount = Decimal(text.replace(",", "").strip())
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None

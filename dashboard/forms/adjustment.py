"""What may be typed in to charge or credit an organization once."""

from collections.abc import Mapping, Sequence
from typing import Any

from wtforms import HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import AnyOf, DataRequired, InputRequired, Length, ValidationError

from dashboard.forms.amounts import example, read_amount
from dashboard.forms.once import OnceForm
from dashboard.money import Money

CHOOSE = "Choose a charge or a credit."


class AdjustmentForm(OnceForm):
    """A charge or a credit, in currency units, with the reason that goes on record."""

    direction = RadioField(
        "Kind",
        [InputRequired(CHOOSE), AnyOf(("charge", "credit"), message=CHOOSE)],
        choices=[SelectChoice("charge", "Charge"), SelectChoice("credit", "Credit")],
        # WTForms' own words for a wrong choice name nothing.
        validate_choice=False,
    )
    amount = StringField("Amount", [InputRequired("Enter an amount.")])
    description = StringField(
        "Description on the invoice",
        [DataRequired("Enter what the customer will see."), Length(max=200)],
    )
    reason = TextAreaField(
        "Reason", [DataRequired("Enter a reason. It is kept in the audit trail."), Length(max=1000)]
    )
    # What the page said it would do: another amount, or the other kind, is shown first.
    confirmed = HiddenField()

    def __init__(self, currency: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.currency = currency
        self.example = example(currency)

    def validate(self, extra_validators: Mapping[str, Sequence[Any]] | None = None) -> bool:
        """Check the fields; the form that is shown again has no kind that we chose."""
        is_valid = super().validate(extra_validators)
        if self.direction.errors:
            self.direction.data = None
        return is_valid

    def validate_amount(self, field: StringField) -> None:
        """Refuse what is not a positive amount of the currency's precision."""
        read_amount(field.data or "", self.currency)

    @property
    def is_confirmed(self) -> bool:
        """Whether the reader was shown what exactly this does; only after validation."""
        return bool(self.confirmed.data == str(self.money().cents))

    def amount_so_far(self) -> Money | None:
        """Return the amount, if kind and amount can be read already; whatever else is missing."""
        if self.direction.data not in ("charge", "credit"):
            return None
        try:
            return self.money()
        except ValidationError:
            return None

    def money(self) -> Money:
        """Return the amount, negative for a credit; only after validation."""
        amount = read_amount(self.amount.data or "", self.currency)
        return -amount if self.direction.data == "credit" else amount

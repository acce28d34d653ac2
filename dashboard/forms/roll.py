"""What must be typed in to roll a cycle early."""

from typing import Any

from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from dashboard.forms.base import DAMAGED, Form
from dashboard.ids import read_id


class RollForm(Form):
    """The organization's name, typed, and the reason that goes on record."""

    name = StringField("Name of the organization", [InputRequired("Enter the name.")])
    reason = TextAreaField(
        "Reason", [DataRequired("Enter a reason. It is kept in the audit trail."), Length(max=1000)]
    )
    # The invoice that was previewed: a second click must not roll the one after it.
    invoice_id = HiddenField(validators=[InputRequired(DAMAGED)])

    def __init__(self, expected_name: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.expected_name = expected_name

    def validate_name(self, field: StringField) -> None:
        """Refuse anything but the name, so that nobody rolls the wrong organization."""
        if (field.data or "").strip() != self.expected_name:
            raise ValidationError(f"Type {self.expected_name} exactly.")

    def validate_invoice_id(self, field: HiddenField) -> None:
        """Refuse what is no invoice's number."""
        if read_id(field.data or "") is None:
            raise ValidationError(DAMAGED)

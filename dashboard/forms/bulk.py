"""What is sent to begin a bulk action."""

from wtforms import HiddenField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from dashboard.forms.base import DAMAGED, Form
from dashboard.ids import read_id


class BulkForm(Form):
    """`query` says of which rows, as the page before did; `confirmed` how many it showed.

    `seen` says what bills on hold came to on that page.
    """

    query = HiddenField(validators=[InputRequired(DAMAGED), Length(max=4000, message=DAMAGED)])
    confirmed = HiddenField(validators=[InputRequired(DAMAGED)])
    seen = HiddenField(validators=[Length(max=4000, message=DAMAGED)])
    reason = TextAreaField(
        "Reason", [DataRequired("Enter a reason. It is kept in the audit trail."), Length(max=1000)]
    )

    def validate_confirmed(self, field: HiddenField) -> None:
        """Refuse what is no number."""
        if read_id(field.data or "") is None:
            raise ValidationError(DAMAGED)

    def number(self) -> int:
        """Return how many rows were confirmed."""
        return read_id(self.confirmed.data or "") or 0

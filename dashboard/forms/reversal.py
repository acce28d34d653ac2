"""What may be sent to reverse a charge or a credit."""

from wtforms import TextAreaField
from wtforms.validators import DataRequired, Length

from dashboard.forms.base import Form


class ReversalForm(Form):
    """The reason that goes on record."""

    reason = TextAreaField(
        "Reason", [DataRequired("Enter a reason. It is kept in the audit trail."), Length(max=1000)]
    )

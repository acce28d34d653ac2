"""What may be sent to decide on a proposal."""

from wtforms import HiddenField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length

from dashboard.forms.base import DAMAGED, Form


class ApprovalForm(Form):
    """An approval; `seen` names what the page said that it does."""

    seen = HiddenField(validators=[InputRequired(DAMAGED), Length(max=64, message=DAMAGED)])


class RefusalForm(Form):
    """A refusal, with the reason that goes on record."""

    answer = TextAreaField(
        "Reason to refuse", [DataRequired("Enter why you refuse it."), Length(max=1000)]
    )

"""What may be sent to decide on a line added at Stripe."""

from __future__ import annotations

from wtforms import HiddenField, RadioField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import AnyOf, DataRequired, InputRequired, Length, ValidationError

from dashboard.forms.amounts import read_cents
from dashboard.forms.base import DAMAGED, Form
from dashboard.sync.decide import DECISIONS, Seen

CHOOSE = "Choose what to do with the line."


class AddedLineForm(Form):
    """A decision, none of them chosen at first, with the reason that goes on record.

    `seen` and `cents` are the decision and the amount that stood when the page was made.
    """

    decision = RadioField(
        "What to do with the line",
        [InputRequired(CHOOSE), AnyOf(DECISIONS, message=CHOOSE)],
        choices=[SelectChoice(one, one) for one in DECISIONS],
        # WTForms' own words for a wrong choice name nothing.
        validate_choice=False,
    )
    reason = TextAreaField(
        "Reason", [DataRequired("Enter a reason. It is kept in the audit trail."), Length(max=1000)]
    )
    seen = HiddenField()
    cents = HiddenField(validators=[InputRequired(DAMAGED)])

    def validate_cents(self, field: HiddenField) -> None:
        """Refuse what is no amount."""
        if read_cents(field.data) is None:
            raise ValidationError(DAMAGED)

    def what_was_seen(self) -> Seen:
        """Return what the reader saw; only after validation."""
        return Seen(self.seen.data or None, read_cents(self.cents.data))

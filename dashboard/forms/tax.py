"""What may be typed in to switch automatic tax."""

from __future__ import annotations

from wtforms import HiddenField, TextAreaField
from wtforms.validators import AnyOf, DataRequired, InputRequired, Length, Regexp

from dashboard.forms.base import DAMAGED, Form

ON, OFF = "on", "off"


class TaxSwitchForm(Form):
    """Which way the switch goes, with the reason that goes on record and what was seen."""

    switch = HiddenField(validators=[InputRequired(DAMAGED), AnyOf((ON, OFF), message=DAMAGED)])
    reason = TextAreaField(
        "Reason", [DataRequired("Enter a reason. It is kept in the audit trail."), Length(max=1000)]
    )
    # The credits when it was previewed: another person may have added one since.
    seen = HiddenField(validators=[InputRequired(DAMAGED), Length(max=64, message=DAMAGED)])


class TaxWaiverForm(Form):
    """The bill that goes without tax, and the reason that goes on record."""

    sequence = HiddenField(
        validators=[InputRequired(DAMAGED), Regexp(r"^[0-9]{1,9}$", message=DAMAGED)]
    )
    reason = TextAreaField(
        "Reason", [DataRequired("Enter a reason. It is kept in the audit trail."), Length(max=1000)]
    )

    @classmethod
    def of(cls, sequence: int) -> TaxWaiverForm:
        """Return an empty one for a bill."""
        return cls(formdata=None, sequence=str(sequence)).named()

    def named(self) -> TaxWaiverForm:
        """Give its fields ids of their own: a page has one for each bill."""
        for field in (self.sequence, self.reason):
            field.id = f"{field.name}-{self.sequence.data}"
        return self

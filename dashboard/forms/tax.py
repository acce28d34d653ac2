"""What may be typed in to switch automatic tax."""

from __future__ import annotations

from wtforms import HiddenField, TextAreaField
from wtforms.validators import AnyOf, DataRequired, InputRequired, Length

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

"""What may be typed in of second factors, and what a device answers."""

from __future__ import annotations

from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length, Optional

from dashboard.forms.base import DAMAGED, Form

LONGEST_ANSWER = 16_000


class CodeForm(Form):
    """A code of an app, or of the list on paper."""

    code = StringField("Code", [InputRequired("Enter a code."), Length(max=40)])


class PasskeyForm(Form):
    """What a device answered, as JSON, and where its owner wants to go."""

    credential = HiddenField(validators=[InputRequired(DAMAGED), Length(max=LONGEST_ANSWER)])
    next = HiddenField()


class NewPasskeyForm(PasskeyForm):
    """A new passkey and what its owner calls it."""

    name = StringField("Name", [Optional(), Length(max=80)])

"""What a request for a sync may say."""

from wtforms import BooleanField, StringField
from wtforms.validators import Length, Optional

from dashboard.forms.base import Form


class SyncForm(Form):
    """`verify`: line by line; `plan_hash`: the preview applied; `sequence`: which invoice."""

    verify = BooleanField("Verify")
    plan_hash = StringField(validators=[Optional(), Length(max=64)])
    sequence = StringField(validators=[Optional(), Length(max=12)])

    def invoice_sequence(self) -> int | None:
        """Return the invoice asked for by number, None for the current one."""
        text = self.sequence.data or ""
        return int(text) if text.isdecimal() else None

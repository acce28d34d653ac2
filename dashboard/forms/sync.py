"""What a request for a sync may say."""

from wtforms import BooleanField, StringField
from wtforms.validators import Length, Optional

from dashboard.errors import NotFound
from dashboard.forms.base import Form
from dashboard.ids import read_id


class SyncForm(Form):
    """`verify`: line by line; `plan_hash`: the preview applied; `sequence`: which invoice."""

    verify = BooleanField("Verify")
    plan_hash = StringField(validators=[Optional(), Length(max=64)])
    sequence = StringField(validators=[Optional(), Length(max=12)])

    def invoice_sequence(self) -> int | None:
        """Return the invoice asked for by number, None for the current one; raise `NotFound`."""
        text = self.sequence.data
        if not text:
            return None
        sequence = read_id(text)
        if sequence is None:
            raise NotFound(
                "There is no invoice with that number. Nothing was sent. Go back and choose one."
            )
        return sequence

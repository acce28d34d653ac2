"""What support may write down about an organization."""

from uuid import uuid4

from wtforms import HiddenField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length

from dashboard.forms.base import DAMAGED, Form


class NoteForm(Form):
    """A note, which cannot be changed once it is added."""

    text = TextAreaField("Note", [DataRequired("Write something first."), Length(max=2000)])
    # Made with the form, so that sending it twice adds one note.
    key = HiddenField(
        validators=[InputRequired(DAMAGED), Length(max=64, message=DAMAGED)],
        default=lambda: str(uuid4()),
    )

"""What may be chosen for a new API token."""

from wtforms import SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from dashboard.accounts.permissions import SCOPES
from dashboard.forms.base import Form


class TokenForm(Form):
    """A name, what it may do, and for whom."""

    name = StringField(
        "Name", [InputRequired("Name the sub-system that will use it."), Length(max=100)]
    )
    scopes = SelectMultipleField(
        "Scopes",
        [InputRequired("Choose at least one scope.")],
        choices=list(SCOPES),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    slug = StringField("Organization", [Length(max=63)])

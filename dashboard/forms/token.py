"""What may be chosen for a new API token."""

from wtforms import SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from dashboard.accounts.permissions import SCOPES
from dashboard.forms.base import Form
from dashboard.organizations.lookup import organizations_of


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
    slug = StringField("Organization", [Optional(), Length(max=63)])

    def validate_slug(self, _field: StringField) -> None:
        """Refuse an organization that does not exist: the token would be for all of them."""
        slug = self.organization_slug()
        if slug and not organizations_of([slug]):
            raise ValidationError(
                f"There is no organization with the slug {slug}. Correct it, or leave it empty for "
                "all organizations."
            )

    def organization_slug(self) -> str | None:
        """Return the slug of the only organization the token is for, None for all."""
        return (self.slug.data or "").strip() or None

"""What may be chosen for a new API token, and for one in place of another."""

from typing import Any

from wtforms import IntegerField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from dashboard.accounts.permissions import SCOPES
from dashboard.forms.base import Form
from dashboard.organizations.lookup import organizations_of

OVERLAP_HOURS, LONGEST_OVERLAP_HOURS = 24, 7 * 24


class LifeForm(Form):
    """For how long a secret opens anything."""

    days = IntegerField("Ends after (days)", [InputRequired("Enter a number of days.")])

    def __init__(self, *, days: int, most_days: int, **kwargs: Any) -> None:
        super().__init__(data={"days": days}, **kwargs)
        self.most_days = most_days

    def validate_days(self, field: IntegerField) -> None:
        """Refuse a life that is longer than the settings allow."""
        if field.data is None or not 1 <= field.data <= self.most_days:
            raise ValidationError(f"Enter 1 to {self.most_days} days.")


class TokenForm(LifeForm):
    """A name, what it may do, for whom, and how long."""

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


class RotationForm(LifeForm):
    """How long the old secret goes on beside the new one."""

    hours = IntegerField(
        "Hours the old token keeps working",
        [
            InputRequired("Enter a number of hours."),
            NumberRange(0, LONGEST_OVERLAP_HOURS, f"Enter 0 to {LONGEST_OVERLAP_HOURS} hours."),
        ],
        default=OVERLAP_HOURS,
    )

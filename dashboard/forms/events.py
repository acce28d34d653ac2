"""What the inbox can be narrowed to."""

from wtforms import BooleanField, StringField
from wtforms.validators import Length, Optional

from dashboard.bounds import SEARCH
from dashboard.forms.base import Filter
from dashboard.forms.day import DayField
from dashboard.webhooks.listing import EventFilter
from dashboard.webhooks.models import STATES


class EventFilterForm(Filter):
    """State, type or id, organization, a range of days, and whether echoes show."""

    state = StringField("State", [Optional()])
    q = StringField("Type or id", [Optional(), Length(max=SEARCH)])
    organization = StringField("Organization", [Optional(), Length(max=63)])
    first = DayField("From", [Optional()])
    last = DayField("Through", [Optional()])
    echoes = BooleanField("Show echoes of our own calls")

    def wanted(self) -> EventFilter:
        """Return what to keep; fields that cannot be read keep everything."""
        self.validate()
        state = self.kept("state")
        return EventFilter(
            state=state if state in STATES else None,
            text=self.kept("q"),
            slug=self.kept("organization"),
            first=self.kept("first"),
            last=self.kept("last"),
            with_echoes=bool(self.kept("echoes")),
        )

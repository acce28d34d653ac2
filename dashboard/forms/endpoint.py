"""What may be typed of an event endpoint."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from wtforms import BooleanField, IntegerField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length, NumberRange
from wtforms.widgets import CheckboxInput, ListWidget

from dashboard.forms.base import Form
from dashboard.forms.day import InstantField
from dashboard.outgoing.endpoints import LONGEST_ROLL, Wanted
from dashboard.outgoing.kinds import CHOOSABLE, EVENT_KINDS
from dashboard.outgoing.reach import LONGEST_URL

OVERLAP_HOURS = 24
MOST_HOURS = int(LONGEST_ROLL / timedelta(hours=1))


class EndpointForm(Form):
    """Where it is, what it is called, and what it gets."""

    label = StringField("Name", [InputRequired("Name the system that gets it."), Length(max=100)])
    url = StringField("Address", [InputRequired("Enter an address."), Length(max=LONGEST_URL)])
    kinds = SelectMultipleField(
        "Only these events",
        choices=list(CHOOSABLE),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )

    @property
    def wanted(self) -> Wanted:
        """What the endpoint is to be; with no box ticked it gets every kind."""
        chosen = list(self.kinds.data or []) or None
        return Wanted(self.url.data.strip(), self.label.data.strip(), chosen)

    @staticmethod
    def about(kind: str) -> str:
        """Return what a kind is about."""
        return EVENT_KINDS[kind].is_about


class RollForm(Form):
    """How long the old secret signs beside the new one."""

    hours = IntegerField(
        "The old secret signs for (hours)",
        [
            InputRequired("Enter a number of hours."),
            NumberRange(0, MOST_HOURS, f"Enter 0 to {MOST_HOURS} hours."),
        ],
        default=OVERLAP_HOURS,
    )


class ReplayForm(Form):
    """Since when, and whether also what arrived."""

    since = InstantField("Since (UTC)", [InputRequired("Enter a time.")])
    with_arrived = BooleanField("Also what has arrived")

    @property
    def instant(self) -> datetime:
        """Since when."""
        at: datetime = self.since.data
        return at.replace(tzinfo=UTC)


class ResumeForm(Form):
    """Whether what happened while it was off is sent, too."""

    makes_up = BooleanField("Send what happened while it was off", default=True)

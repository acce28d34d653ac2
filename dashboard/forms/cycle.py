"""What may be typed in to count an organization's cycles in another way."""

from __future__ import annotations

from datetime import date, datetime, time

from wtforms import HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import AnyOf, DataRequired, InputRequired, Length, Optional, ValidationError

from dashboard.forms.base import DAMAGED, Form
from dashboard.forms.day import DayField
from dashboard.intervals import EVERY, INTERVALS
from dashboard.organizations.cycle import CycleWanted
from dashboard.organizations.models import Organization
from dashboard.zones import is_zone, zone_named

CHOOSE = "Choose when it takes effect."
WHEN = ("cycle_end", "early")
YEARS = range(1970, 3000)


class CycleForm(Form):
    """How the next cycles are to be counted; sent by GET for a preview."""

    interval = SelectField(
        "Length",
        [AnyOf(INTERVALS, message="Choose one of the lengths in the list.")],
        choices=[SelectChoice(name, EVERY[name]) for name in INTERVALS],
        validate_choice=False,
    )
    zone = StringField("Time zone", [InputRequired("Enter UTC or a time zone."), Length(max=64)])
    anchor_on = DayField("Counted from", [Optional()])
    takes_effect = RadioField(
        "Takes effect",
        [InputRequired(CHOOSE), AnyOf(WHEN, message=CHOOSE)],
        choices=[
            SelectChoice("cycle_end", "At the end of the current cycle"),
            SelectChoice("early", "As soon as a new cycle can begin; the current one is shortened"),
        ],
        validate_choice=False,
    )

    @classmethod
    def showing(cls, organization: Organization) -> CycleForm:
        """Return the form filled with how cycles are counted now."""
        return cls(
            formdata=None,
            interval=organization.cycle_interval,
            zone=organization.cycle_zone,
            takes_effect="cycle_end",
        )

    def validate_zone(self, field: StringField) -> None:
        """Refuse what is no zone."""
        if not is_zone((field.data or "").strip()):
            raise ValidationError("Enter UTC or the name of a time zone, such as Europe/Berlin.")

    def validate_anchor_on(self, field: DayField) -> None:
        """Refuse the calendar's ends."""
        if field.data and field.data.year not in YEARS:
            raise ValidationError(f"Enter a day in the years {YEARS[0]} to {YEARS[-1]}.")

    def wanted(self) -> CycleWanted:
        """Return what is asked for; only after validation. A day begins at the zone's midnight."""
        zone = self.zone.data.strip()
        day: date | None = self.anchor_on.data
        anchor = datetime.combine(day, time.min, zone_named(zone)) if day else None
        return CycleWanted(self.interval.data, zone, anchor, self.takes_effect.data == "early")


class CycleChangeForm(CycleForm):
    """The same, to be done: with the reason that goes on record, and what was seen."""

    reason = TextAreaField(
        "Reason", [DataRequired("Enter a reason. It is kept in the audit trail."), Length(max=1000)]
    )
    # How cycles were counted when it was previewed: another person may have changed that since.
    seen = HiddenField(validators=[InputRequired(DAMAGED), Length(max=64, message=DAMAGED)])

"""What people may say about a thing that needs one."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import Length, Optional

from dashboard.errors import Invalid
from dashboard.forms.base import Form
from dashboard.ids import read_id

MORNING = time(9)
NOTE_LENGTH = 1000


class Rest(NamedTuple):
    """How long something may wait: the name that is sent, what it is called, and until when."""

    name: str
    label: str
    until: datetime


def rests(now: datetime) -> tuple[Rest, ...]:
    """Return the choices; mornings are at 9:00 UTC, and never one that is over."""
    now = now.astimezone(UTC)
    tomorrow = datetime.combine(now.date() + timedelta(days=1), MORNING, UTC)
    to_monday = 7 - now.weekday()
    monday = datetime.combine(now.date() + timedelta(days=to_monday), MORNING, UTC)
    return (
        Rest("hour", "1 hour", now + timedelta(hours=1)),
        Rest("hours", "4 hours", now + timedelta(hours=4)),
        Rest("tomorrow", f"Tomorrow, {tomorrow:%-d %b, %H:%M} UTC", tomorrow),
        Rest("monday", f"Monday, {monday:%-d %b, %H:%M} UTC", monday),
    )


class OwnerForm(Form):
    """Who has it: `owner` is `me` or nobody; `seen` is who had it when the page was made."""

    owner = HiddenField()
    seen = HiddenField()

    def seen_id(self) -> int | None:
        """Return whose it was, None for nobody's."""
        return read_id(self.seen.data or "")


class SnoozeForm(Form):
    """Until when it is put off: one of `rests`, or nothing to show it again."""

    rest = StringField("Snooze for", [Optional(), Length(max=20)])

    def until(self, now: datetime) -> datetime | None:
        """Return the instant that was chosen; raise `Invalid` for what is no choice."""
        chosen = self.rest.data
        if not chosen:
            return None
        for one in rests(now):
            if one.name == chosen:
                return one.until
        raise Invalid(
            f"{chosen!r} is not one of the times. Nothing was changed. Choose one from the list.",
            field="rest",
        )


class NoteForm(Form):
    """What people want to keep with it."""

    note = TextAreaField("Note", [Optional(), Length(max=NOTE_LENGTH)])

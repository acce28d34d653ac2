"""What may be typed in about the close of all: a pause, with its end and its reason."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import cast

from wtforms import HiddenField, TextAreaField
from wtforms.validators import InputRequired, Length

from dashboard.forms.base import DAMAGED, Form
from dashboard.forms.day import DayField, InstantField
from dashboard.ids import HIGHEST_ID


class PauseForm(Form):
    """Until when no bill is issued, and why."""

    until = InstantField("Until (UTC)", [InputRequired("Enter when closings continue.")])
    reason = TextAreaField("Reason", [InputRequired("Enter a reason."), Length(max=1000)])
    # The pause whose place it takes; empty where none was seen.
    seen = HiddenField(validators=[Length(max=20, message=DAMAGED)])

    def replaces(self) -> int | None:
        """Return which pause it takes the place of."""
        return _pause_id(self.seen.data) if self.seen.data else None

    def wanted(self) -> datetime:
        """Return the end; only after validation."""
        return cast(datetime, self.until.data).replace(tzinfo=UTC)


class RehearsalForm(Form):
    """The day whose closes are rehearsed."""

    day = DayField("Day", [InputRequired("Enter a day.")])

    def wanted(self) -> date:
        """Return the day; only after validation."""
        return cast(date, self.day.data)


class ResumeForm(Form):
    """The pause that is ended."""

    seen = HiddenField(validators=[InputRequired(DAMAGED), Length(max=20, message=DAMAGED)])

    def pause_id(self) -> int:
        """Return which pause was seen; one that is none is of no pause there ever was."""
        return _pause_id(self.seen.data)


def _pause_id(typed: str | None) -> int:
    text = typed or ""
    is_number = text.isascii() and text.isdecimal()
    return int(text) if is_number and int(text) <= HIGHEST_ID else -1

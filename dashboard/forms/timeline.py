"""What a timeline can be narrowed to."""

from __future__ import annotations

from wtforms import HiddenField
from wtforms.validators import Optional

from dashboard.forms.base import Filter
from dashboard.forms.day import DayField


class TimelineForm(Filter):
    """A kind and a range of days, all in the address; what cannot be read keeps everything."""

    kind = HiddenField("Kind", [Optional()])
    first = DayField("From", [Optional()])
    last = DayField("To", [Optional()])

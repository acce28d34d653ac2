"""Which moment of a bill is wanted, and against which."""

from __future__ import annotations

from datetime import UTC, datetime

from wtforms.validators import Optional

from dashboard.forms.base import Filter
from dashboard.forms.day import InstantField


class MomentForm(Filter):
    """One or two moments in UTC, to the minute, in the address."""

    at = InstantField("As it was on", [Optional()])
    against = InstantField("Compare with (now if empty)", [Optional()])

    def instant(self, name: str) -> datetime | None:
        """Return a moment; None where it is left open or cannot be read."""
        found: datetime | None = self.kept(name)
        return found.replace(tzinfo=UTC) if found else None

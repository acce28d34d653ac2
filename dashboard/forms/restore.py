"""What releases a ledger that was restored."""

from __future__ import annotations

from wtforms import TextAreaField
from wtforms.validators import Length

from dashboard.errors import Invalid
from dashboard.forms.base import Form


class ReleaseForm(Form):
    """Why it is released though something is apart; not asked where nothing is."""

    reason = TextAreaField("Reason", [Length(max=1000)])

    def wanted(self) -> str | None:
        """Return the reason, None where none is given; raise `Invalid` for one too long."""
        if not self.validate_on_submit():
            raise Invalid(
                "The reason is too long. Nothing was released. Shorten it to 1,000 characters.",
                field="reason",
            )
        return (self.reason.data or "").strip() or None

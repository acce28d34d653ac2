"""What may be sent to decide on a void invoice."""

import re

from wtforms import HiddenField, StringField

from dashboard.errors import Stale
from dashboard.forms.base import Form
from dashboard.money import Money
from dashboard.text import printable

# As many digits as the ledger's largest amount has.
_CENTS = re.compile(r"^-?\d{1,18}$")
REASON_LENGTH = 1000


class VoidDecisionForm(Form):
    """`cents` is what the page showed; the verb refuses when it is another amount by now."""

    decision = HiddenField()
    cents = HiddenField()
    reason = StringField("Reason")

    def seen(self, currency: str) -> Money:
        """Return the amount that was seen; raise `Stale` when the form did not carry it whole."""
        text = self.cents.data or ""
        if not _CENTS.match(text):
            raise Stale("The form did not arrive whole. Nothing was changed. Reload the page.")
        return Money(int(text), currency)

    def why(self) -> str:
        """Return the reason, as it can be stored and shown."""
        return printable(self.reason.data or "")[:REASON_LENGTH]

"""What may be sent to take an issued invoice back and bill it again."""

from __future__ import annotations

import hashlib
import json

from wtforms import HiddenField, RadioField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import AnyOf, DataRequired, Length

from dashboard.billing.reissue import PAID_PARTS
from dashboard.billing.reissue_preview import ReissuePreview
from dashboard.forms.once import OnceForm

CHOOSE = "Choose where the part goes that was paid."
WORDS = {
    "refund": "Back to the payment, as far as that goes; the rest to the balance",
    "balance": "To the balance, which the next invoice at Stripe uses up",
    "outside": "You return it by other means",
}


class ReissueForm(OnceForm):
    """Why, and where the part goes that was paid, if something was."""

    paid_part = RadioField(
        "Where the part goes that was paid",
        [AnyOf(PAID_PARTS, message=CHOOSE)],
        choices=[SelectChoice(one, WORDS[one]) for one in PAID_PARTS],
        default="refund",
        # WTForms' own words for a wrong choice name nothing.
        validate_choice=False,
    )
    reason = TextAreaField(
        "Reason", [DataRequired("Enter a reason. It is kept in the audit trail."), Length(max=1000)]
    )
    # Names what the page said it would do: anything else is shown first.
    confirmed = HiddenField()

    def is_confirmed(self, preview: ReissuePreview) -> bool:
        """Whether the reader was shown what exactly this does."""
        return bool(self.confirmed.data == name_of(preview))


def name_of_void(cents: int) -> str:
    """Return the name for a void of so much, all of which is billed again."""
    return _name(["void", cents, cents])


def name_of(preview: ReissuePreview) -> str:
    """Return a name for the money that this moves; what else is on the current invoice is not."""
    note = preview.taking.note
    told: list[object] = [preview.taking.way, preview.taking.cents, preview.billed_cents]
    if note is not None:
        told += [sorted(note.lines.items()), note.refund_cents]
        told += [note.balance_cents, note.outside_cents]
    return _name(told)


def _name(told: list[object]) -> str:
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()

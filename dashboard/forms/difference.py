"""What may be sent to correct a bill that Stripe made differently."""

from __future__ import annotations

from wtforms import HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import AnyOf, InputRequired, Length, ValidationError

from dashboard.billing.difference_models import DECISIONS
from dashboard.billing.reissue import PAID_PARTS
from dashboard.errors import Stale
from dashboard.forms.amounts import read_cents
from dashboard.forms.once import OnceForm
from dashboard.forms.reissue import CHOOSE, WORDS

WHICH = "Choose what to do with the difference."


class DifferenceForm(OnceForm):
    """A decision, by its own button, with the amount that was seen; a reason only to leave it.

    `cents` is what the page showed: the verb refuses when it is another by now.
    """

    decision = StringField("Decision", [InputRequired(WHICH), AnyOf(DECISIONS, message=WHICH)])
    cents = HiddenField()
    paid_part = RadioField(
        "Where the part goes that was paid",
        [AnyOf(PAID_PARTS, message=CHOOSE)],
        choices=[SelectChoice(one, WORDS[one]) for one in PAID_PARTS],
        default="refund",
        # WTForms' own words for a wrong choice name nothing.
        validate_choice=False,
    )
    reason = TextAreaField("Reason", [Length(max=1000)])

    def validate_reason(self, field: TextAreaField) -> None:
        """Want a reason to leave it: nothing else says why."""
        if self.decision.data == "leave" and not (field.data or "").strip():
            raise ValidationError(
                "Enter why it is left as it is. It is kept in the audit trail."
            )  # fmt: skip

    @property
    def seen_cents(self) -> int:
        """What was seen, in minor units; raises `Stale` when the form did not carry it whole."""
        cents = read_cents(self.cents.data)
        if cents is None:
            raise Stale("Part of the form is missing. Nothing was changed. Reload the page.")
        return cents

"""What may be typed in to bill an organization on a subscription's invoices, and to end that."""

from __future__ import annotations

from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Regexp

from dashboard.forms.base import DAMAGED, Form

REASON = "Enter a reason. It is kept in the audit trail."
IS_ID = Regexp(
    r"^\s*sub_[A-Za-z0-9_]{1,60}\s*$", message="Enter a subscription's id, such as sub_1Nk…."
)


class SubscriptionForm(Form):
    """Which subscription; sent by GET for a preview."""

    subscription = StringField(
        "Subscription at Stripe",
        [InputRequired("Enter a subscription's id."), Length(max=64), IS_ID],
    )

    @property
    def wanted(self) -> str:
        """The id that was entered."""
        return str(self.subscription.data).strip()


class LinkForm(SubscriptionForm):
    """The same, to be done: with the reason that goes on record, and what was seen."""

    reason = TextAreaField("Reason", [DataRequired(REASON), Length(max=1000)])
    seen = HiddenField(validators=[InputRequired(DAMAGED), Length(max=64, message=DAMAGED)])


class UnlinkForm(Form):
    """Billing alone again, with the reason that goes on record."""

    reason = TextAreaField("Reason", [DataRequired(REASON), Length(max=1000)])

"""What may be typed in to give a paid invoice's money back."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from wtforms import HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import AnyOf, DataRequired, Length, ValidationError

from dashboard.billing.refund_models import Refund
from dashboard.billing.refund_room import RefundRoom
from dashboard.billing.refunds import PURPOSES, RefundKeyReused, WantedRefund
from dashboard.billing.settle import HOW, How
from dashboard.errors import Invalid
from dashboard.forms.amounts import example, read_amount
from dashboard.forms.base import Form
from dashboard.forms.once import OnceForm

WORDS = {
    "duplicate": "A payment made twice",
    "overpaid": "More was paid than was owed",
    "goodwill": "Goodwill: the bill was right",
}
CHOOSE_PAYMENT = "Choose the payment to refund."
CHOOSE_PURPOSE = "Choose what the refund is for."


class RefundForm(OnceForm):
    """Which payment, how much of it in currency units, what for, and why."""

    # WTForms' own words for a wrong choice name nothing.
    payment = RadioField("Payment", [DataRequired(CHOOSE_PAYMENT)], validate_choice=False)
    amount = StringField("Amount", [DataRequired("Enter how much goes back.")])
    purpose = RadioField(
        "What for",
        [AnyOf(PURPOSES, message=CHOOSE_PURPOSE)],
        choices=[SelectChoice(one, WORDS[one]) for one in PURPOSES],
        validate_choice=False,
    )
    reason = TextAreaField(
        "Reason", [DataRequired("Enter a reason. It is kept in the audit trail."), Length(max=1000)]
    )
    # Names what the page said it would do: anything else is shown first.
    confirmed = HiddenField()

    def __init__(self, room: RefundRoom, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.room, self.currency = room, room.currency
        self.example = example(room.currency)
        self.payment.choices = [SelectChoice(one.id, one.id) for one in room.payments]
        if not self.is_submitted() and len(room.refundable) == 1:
            self.payment.data = room.refundable[0].id

    def validate_amount(self, field: StringField) -> None:
        """Refuse what is no amount above zero."""
        read_amount(field.data or "", self.currency)

    def wanted(self) -> WantedRefund:
        """Return the refund; only after validation."""
        cents = read_amount(self.amount.data or "", self.currency).cents
        purpose = next(one for one in PURPOSES if one == self.purpose.data)
        return WantedRefund(str(self.payment.data), cents, purpose, self.reason.data.strip())

    def check_same(self, made: Refund) -> None:
        """Raise `RefundKeyReused` where this form was used for another refund, which is `made`."""
        try:
            cents = read_amount(self.amount.data or "", self.currency).cents
        except ValidationError:
            cents = 0
        if (cents, self.payment.data) != (made.amount_cents, made.payment):
            raise RefundKeyReused(
                "This form was used for another refund. Nothing was changed. Open a new one."
            )

    def refuse(self, why: Invalid) -> None:
        """Say beside the field that it concerns why the refund does not fit."""
        fields = {"payment": self.payment, "purpose": self.purpose}
        field = fields.get(str(why.facts.get("field")), self.amount)
        field.errors = [*field.errors, why.message]

    def is_confirmed(self, wanted: WantedRefund) -> bool:
        """Whether the reader was shown what exactly this does."""
        return bool(self.confirmed.data == name_of(wanted, self.room))


def name_of(wanted: WantedRefund, room: RefundRoom) -> str:
    """Return a name for the money that this moves, of what was left then."""
    told = [wanted.payment, wanted.amount_cents, wanted.purpose, room.left_of(wanted.payment)]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


class SettleForm(Form):
    """How a refund that failed, or a dispute that was lost, was settled."""

    # Of a refund alone; of a dispute the bank has the money, whatever is done about it here.
    how = RadioField(
        "What became of the money",
        [AnyOf(HOW, message="Say whether it was returned, or is not owed.")],
        choices=[
            SelectChoice("returned", "Returned by other means: it counts as given back"),
            SelectChoice("not_owed", "Not owed: it stays here, and can be refunded again"),
        ],
        validate_choice=False,
    )
    reason = TextAreaField(
        "How it was settled",
        [DataRequired("Say how. It is kept in the audit trail."), Length(max=1000)],
    )

    def __init__(self, kind: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if kind != "refund":
            del self.how

    @property
    def chosen(self) -> How | None:
        """What became of the money; only after validation."""
        said = None if self.how is None else self.how.data
        return next((one for one in HOW if one == said), None)

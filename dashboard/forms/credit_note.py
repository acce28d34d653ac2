"""What may be typed in to credit an issued invoice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from flask import request
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, ValidationError

from dashboard.billing.credit_note_models import CreditNote
from dashboard.billing.credit_notes import NoteKeyReused, WantedNote
from dashboard.billing.credit_room import CreditRoom
from dashboard.billing.models import Invoice
from dashboard.errors import Invalid
from dashboard.forms.amounts import example, read_amount, written
from dashboard.forms.once import OnceForm
from dashboard.money import Money

SHARES = ("refund", "balance", "outside")
# Each is a field of the form, which takes two hundred.
MOST_ITEMS = 100
NOTHING = "Enter one amount for the whole invoice, or amounts for single items."


class CreditNoteForm(OnceForm):
    """One amount spread over the items, or an amount of each; and where the paid part goes.

    Amounts are in currency units. Shares that are left empty follow from what is possible: back to
    the payment as far as that goes, the rest to the balance.
    """

    amount = StringField("Amount")
    refund = StringField("Refund to the payment")
    balance = StringField("Credit to the balance")
    outside = StringField("Returned by other means")
    memo = StringField("Note on the document", [Length(max=500)])
    reason = TextAreaField(
        "Reason", [DataRequired("Enter a reason. It is kept in the audit trail."), Length(max=1000)]
    )
    # Names what the page said it would do: anything else is shown first.
    confirmed = HiddenField()

    def __init__(self, invoice: Invoice, room: CreditRoom, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.invoice_id, self.currency, self.room = invoice.id, invoice.currency, room
        self.example = example(invoice.currency)
        # What was typed beside each item, and what is wrong with it.
        largest = sorted(room.items, key=lambda item: -room.items[item])[:MOST_ITEMS]
        self.typed = {item: request.form.get(f"item-{item}", "").strip() for item in largest}
        self.item_errors: dict[int, str] = {}

    def validate(self, extra_validators: Mapping[str, Sequence[Any]] | None = None) -> bool:
        """Check the fields, and what was typed beside each item."""
        is_valid = super().validate(extra_validators)
        for item, text in self.typed.items():
            try:
                _read_share(text, self.currency)
            except ValidationError as wrong:
                self.item_errors[item] = str(wrong)
        return is_valid and not self.item_errors

    def validate_amount(self, field: StringField) -> None:
        """Refuse what is no amount, is more than is left, or is sent with amounts of items."""
        is_by_item = any(text and not _is_nothing(text) for text in self.typed.values())
        if not field.data:
            if not is_by_item:
                raise ValidationError(NOTHING)
            return
        if is_by_item:
            raise ValidationError(f"Both were filled in. {NOTHING}")
        cents = read_amount(field.data, self.currency).cents
        if cents > self.room.most:
            left = written(Money(self.room.most, self.currency))
            raise ValidationError(f"No more than {left} of it can still be credited.")

    def validate_refund(self, field: StringField) -> None:
        """Refuse what is no amount; none is none."""
        _read_share(field.data, self.currency)

    validate_balance = validate_outside = validate_refund

    def wanted(self) -> WantedNote:
        """Return the note; only after validation."""
        lines = self._lines()
        back = self.room.paid_part(sum(lines.values()))
        shares = [_read_share(self[name].data, self.currency) for name in SHARES]
        if not any(self[name].data for name in SHARES):
            refund = min(back, self.room.refundable)
            shares = [refund, back - refund, 0]
        refund, balance, outside = shares
        return WantedNote(
            lines,
            refund_cents=refund,
            balance_cents=balance,
            outside_cents=outside,
            memo=(self.memo.data or "").strip(),
            reason=self.reason.data.strip(),
        )

    def _lines(self) -> dict[int, int]:
        if not self.amount.data:
            typed = {item: _read_share(text, self.currency) for item, text in self.typed.items()}
            return {item: cents for item, cents in typed.items() if cents}
        return self.room.spread(read_amount(self.amount.data, self.currency).cents)

    def check_same(self, made: CreditNote) -> None:
        """Raise `NoteKeyReused` where this form was used for another note, which is `made`."""
        try:
            texts = [self.amount.data] if self.amount.data else [*filter(None, self.typed.values())]
            cents = sum(_read_share(text, self.currency) for text in texts)
        except ValidationError:
            cents = 0
        if cents != made.amount_cents or made.invoice_id != self.invoice_id:
            raise NoteKeyReused(
                "This form was used for another credit note. Nothing was changed. Open a new one."
            )

    def refuse(self, why: Invalid) -> None:
        """Say beside the fields that it concerns why the note does not fit."""
        of_shares = why.facts.get("field") in ("shares", "refund_cents")
        field = self.refund if of_shares else self.amount
        field.errors = [*field.errors, why.message]

    def is_confirmed(self, wanted: WantedNote) -> bool:
        """Whether the reader was shown what exactly this does."""
        return bool(self.confirmed.data == name_of(wanted))


def name_of(wanted: WantedNote) -> str:
    """Return a name for the money that exactly this note moves."""
    told = [sorted(wanted.lines.items()), wanted.refund_cents, wanted.balance_cents]
    canonical = json.dumps([*told, wanted.outside_cents])
    return hashlib.sha256(canonical.encode()).hexdigest()


def _read_share(text: str | None, currency: str) -> int:
    return 0 if _is_nothing(text) else read_amount(text or "", currency).cents


def _is_nothing(text: str | None) -> bool:
    """Whether nothing was typed, or zero."""
    return not (text or "").strip().strip("0.,")

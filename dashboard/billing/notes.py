"""The notes, refunds and disputes of an invoice, and what its credit notes come to."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from dashboard.billing.correction_models import Correction
from dashboard.billing.models import Invoice
from dashboard.extensions import db

UNDONE = ("failed", "canceled", "void")


def corrections_of(invoice: Invoice) -> Sequence[Correction]:
    """Return the notes, refunds and disputes of an invoice, oldest first."""
    query = select(Correction).where(Correction.invoice_id == invoice.id)
    return db.session.scalars(query.order_by(Correction.made_at, Correction.stripe_id)).all()


def notes_before_payment(invoice: Invoice) -> int:
    """Return what credit notes took off before it was paid, told by the invoice or by themselves.

    A note may be told before the invoice that it changed.
    """
    told = invoice.pre_payment_credit_notes_cents or 0
    return max(told, sum(note.pre_payment_cents for note in issued_notes(invoice)))


def notes_add_up(invoice: Invoice) -> bool:
    """Whether the invoice says of its credit notes what the notes themselves do."""
    notes = issued_notes(invoice)
    before = sum(row.pre_payment_cents for row in notes)
    after = sum(row.post_payment_cents for row in notes)
    return before == (invoice.pre_payment_credit_notes_cents or 0) and after == (
        invoice.post_payment_credit_notes_cents or 0
    )


def issued_notes(invoice: Invoice) -> list[Correction]:
    """Return the credit notes of an invoice that stand, oldest first."""
    return [
        row
        for row in corrections_of(invoice)
        if row.kind == "credit_note" and row.status not in UNDONE
    ]

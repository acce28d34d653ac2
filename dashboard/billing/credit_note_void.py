"""Take a credit note back: asked for here, done at Stripe, where it is due again.

Its items are billed more only once Stripe has voided it (`credit_notes.follow_note`).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from dashboard.audit.actor import STRIPE, Actor
from dashboard.audit.write import write_entry
from dashboard.billing.credit_note_models import CreditNote
from dashboard.billing.credit_notes import facts_of
from dashboard.billing.locks import lock_invoice
from dashboard.billing.models import Invoice
from dashboard.billing.under_way import check_still
from dashboard.errors import Conflict, Invalid, NotFound
from dashboard.extensions import db


class NotVoidable(Conflict):
    """The note cannot be voided, or not any more."""

    code = "not_voidable"


def note_of_invoice(invoice: Invoice, note_id: int) -> CreditNote:
    """Return a note that was made here for an invoice; raise NotFound."""
    query = select(CreditNote).where(CreditNote.id == note_id, CreditNote.invoice_id == invoice.id)
    note = db.session.scalar(query)
    if note is None:
        raise NotFound(f"{invoice.called} has no credit note {note_id}.")
    return note


def why_not_voided(note: CreditNote, invoice: Invoice) -> str | None:
    """Return why a note cannot be voided, as a sentence; None where it can.

    Stripe voids a note only while its invoice is open, and never what was given back by it.
    """
    if note.state != "issued":
        return f"The credit note is {note.state}, and only an issued one can be voided."
    if note.back_cents:
        return "Part of the credit note was given back, so it cannot be voided. Add a charge."
    if invoice.status != "open":
        return (
            f"Its invoice is {invoice.status}, and Stripe voids a credit note only while that is "
            "open. Add a charge."
        )
    return None


def ask_void(note: CreditNote, *, reason: str, actor: Actor, now: datetime) -> CreditNote:
    """Have a note voided; asked again it is one. A worker voids it at Stripe.

    Raises NotVoidable, Invalid without a reason, Busy while another one is under way.
    """
    invoice = lock_invoice(note.invoice_id)
    db.session.refresh(note)
    if note.void_asked_at or note.state == "void":
        return note
    if not reason.strip():
        raise Invalid(
            "Voiding a credit note needs a reason. Nothing was changed. Enter one; it is kept in "
            "the audit trail.",
            field="reason",
        )
    why_not = why_not_voided(note, invoice)
    if why_not:
        raise NotVoidable(f"{why_not} Nothing was changed.")
    check_still(invoice)
    note.void_asked_at, note.error = now, None
    write_entry("credit_note.void_asked", invoice, actor, facts_of(note), reason=reason, now=now)
    return note


def is_void_asked(stripe_id: str) -> bool:
    """Whether the note that Stripe calls so is still to be voided."""
    query = select(CreditNote.id).where(
        CreditNote.stripe_id == stripe_id, CreditNote.void_asked_at.is_not(None)
    )
    return db.session.scalar(query) is not None


def refuse_void(note: CreditNote, why: str, *, now: datetime) -> None:
    """End the void of a note that Stripe refused; the note stays issued."""
    note.void_asked_at, note.error = None, why
    facts = facts_of(note) | {"why": why}
    write_entry("credit_note.void_refused", note.invoice, STRIPE, facts, now=now)

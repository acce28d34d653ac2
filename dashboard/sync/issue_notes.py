"""Issue and void credit notes at Stripe: calls that no sync makes, under the invoice's lease."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select

from dashboard.billing.credit_note_models import CreditNote
from dashboard.billing.credit_note_void import is_void_asked, refuse_void
from dashboard.billing.credit_notes import is_planned, refuse_note, wanted_of
from dashboard.billing.difference import settle_difference
from dashboard.billing.locks import lock_invoice
from dashboard.billing.outcome import record_reading
from dashboard.extensions import db
from dashboard.gateway.errors import Refused
from dashboard.sync.agreed import learn_ids
from dashboard.sync.calls import perform
from dashboard.sync.note_lines import draft_of
from dashboard.sync.recover import recover
from dashboard.sync.snapshot import synced_lines
from dashboard.sync.stripe_calls.credit_notes import IssueNote, VoidNote
from dashboard.sync.work import Work

# One is issued within a second; this long after, what was queued for it is lost.
FORGOTTEN = timedelta(seconds=20)


def carry_out_note(note: CreditNote, work: Work) -> None:
    """Issue a planned note, or void one that is to be; or end that with Stripe's refusal.

    `work` is on its invoice. Safe to repeat. Raises `GatewayError` where the outcome is not known:
    the note stays as it is, and the next try finds out first what became of the call.
    """
    try:
        # A call that was read back may be made again there, and be refused.
        recover(work)
        if is_planned(note.id):
            _learn_lines(work)
            perform(work, IssueNote(draft_of(note.invoice, wanted_of(note), name=str(note.id))))
        elif note.stripe_id and is_void_asked(note.stripe_id):
            perform(work, _void_of(note))
        else:
            return
    except Refused as refusal:
        _refuse(work, note, refusal)
    else:
        work.checkpoint()
        _look(work)


def waiting_since(at: datetime, *, most: int) -> list[int]:
    """Return the ids of notes that were to be issued or voided before an instant, and are still."""
    query = select(CreditNote.id).where(
        or_(
            and_(CreditNote.state == "planned", CreditNote.created_at <= at),
            CreditNote.void_asked_at <= at,
        )
    )
    return list(db.session.scalars(query.order_by(CreditNote.id).limit(most)))


def _learn_lines(work: Work) -> None:
    """Read Stripe's lines where the ids of some are not known; no transaction is open meanwhile."""
    if all(line.stripe_line_id for line in synced_lines(work.invoice.id)):
        return
    stripe_id = str(work.invoice.stripe_invoice_id)
    work.checkpoint()
    learn_ids(work.invoice, work.gateway.lines(stripe_id))
    work.checkpoint()


def _void_of(note: CreditNote) -> VoidNote:
    return VoidNote(str(note.stripe_id), str(note.invoice.stripe_invoice_id))


def _refuse(work: Work, note: CreditNote, refusal: Refused) -> None:
    if note.stripe_id:
        # Somebody may have voided it there first.
        work.checkpoint()
        _void_of(note).read_back(work)
    lock_invoice(note.invoice_id)
    why = f"{refusal.message} What is due may have changed: look at it, and begin again."
    if is_planned(note.id):
        refuse_note(note, why, now=work.clock())
    elif note.stripe_id and is_void_asked(note.stripe_id):
        refuse_void(note, why, now=work.clock())
    work.checkpoint()


def _look(work: Work) -> None:
    """Read what is due of the invoice by now: a note over all of it makes it paid."""
    found = work.gateway.invoice(str(work.invoice.stripe_invoice_id))
    lock_invoice(work.invoice.id)
    record_reading(work.invoice, found, now=work.clock())
    settle_difference(work.invoice, now=work.clock())

"""Issue planned credit notes at Stripe: calls that no sync makes, under the invoice's lease."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select

from dashboard.billing.credit_note_models import CreditNote
from dashboard.billing.credit_notes import is_planned, refuse_note, wanted_of
from dashboard.billing.locks import lock_invoice
from dashboard.billing.outcome import record_reading
from dashboard.extensions import db
from dashboard.gateway.errors import Refused
from dashboard.gateway.protocol import Gateway
from dashboard.gateway.reasons import calling_for
from dashboard.sync.agreed import learn_ids
from dashboard.sync.calls import perform
from dashboard.sync.note_lines import draft_of
from dashboard.sync.recover import recover
from dashboard.sync.snapshot import synced_lines
from dashboard.sync.stripe_calls.credit_notes import IssueNote
from dashboard.sync.work import Work, work_on

# One is issued within a second; this long after, what was queued for it is lost.
FORGOTTEN = timedelta(seconds=20)


def issue_note(
    note: CreditNote,
    *,
    gateway: Gateway,
    checkpoint: Callable[[], None],
    clock: Callable[[], datetime],
    pause: Callable[[float], None],
    owner: str,
) -> None:
    """Issue a planned note, or end it with Stripe's refusal. Safe to repeat.

    Raises `Busy` while another worker writes the invoice, `GatewayError` where the outcome is not
    known: the note stays planned, and the next try finds out first what became of the call.
    """
    with (
        calling_for("credit_note"),
        work_on(
            note.invoice,
            gateway=gateway,
            checkpoint=checkpoint,
            clock=clock,
            pause=pause,
            owner=owner,
        ) as work,
    ):
        try:
            # A call that was read back may be made again there, and be refused.
            recover(work)
            if not is_planned(note.id):
                return
            _learn_lines(work)
            perform(work, IssueNote(draft_of(note.invoice, wanted_of(note), name=str(note.id))))
        except Refused as refusal:
            _refuse(work, note, refusal)
        else:
            work.checkpoint()
            _look(work)


def planned_before(at: datetime, *, most: int) -> list[int]:
    """Return the ids of notes that were planned before an instant, and are so still."""
    query = select(CreditNote.id).where(CreditNote.state == "planned", CreditNote.created_at <= at)
    return list(db.session.scalars(query.order_by(CreditNote.id).limit(most)))


def _learn_lines(work: Work) -> None:
    """Read Stripe's lines where the ids of some are not known; no transaction is open meanwhile."""
    if all(line.stripe_line_id for line in synced_lines(work.invoice.id)):
        return
    stripe_id = str(work.invoice.stripe_invoice_id)
    work.checkpoint()
    learn_ids(work.invoice, work.gateway.lines(stripe_id))
    work.checkpoint()


def _refuse(work: Work, note: CreditNote, refusal: Refused) -> None:
    lock_invoice(note.invoice_id)
    if is_planned(note.id):
        why = f"{refusal.message} What is due may have changed: look at it, and begin again."
        refuse_note(note, why, now=work.clock())
    work.checkpoint()
    # The call that was made again leaves the first one, which is read back once more and ends.
    recover(work)


def _look(work: Work) -> None:
    """Read what is due of the invoice by now: a note over all of it makes it paid."""
    found = work.gateway.invoice(str(work.invoice.stripe_invoice_id))
    lock_invoice(work.invoice.id)
    record_reading(work.invoice, found, now=work.clock())

"""Credit notes, issued and voided one by one; what was lost on the way is found again."""

from __future__ import annotations

from functools import partial

from dashboard.billing.credit_note_models import CreditNote
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.restores.held import unless_calls_wait
from dashboard.sync.issue_notes import FORGOTTEN, carry_out_note, waiting_since
from jobs.calls import call_about
from jobs.runtime import job
from jobs.syncs import stripe_is_down

MOST = 500


@job(queue="interactive", timeout=300)
def carry_out_credit_note(note_id: int) -> None:
    """Issue a planned note, or void one; where that is not possible now, it stays to be done."""
    note = db.session.get(CreditNote, note_id)
    if note is None or not (note.state == "planned" or note.void_asked_at):
        return
    call_about(note.invoice, "credit_note", partial(carry_out_note, note))


@job(queue="maintenance", timeout=60)
def carry_out_credit_notes() -> None:
    """Queue the notes that are still to be issued or voided; none while Stripe is down."""
    if not stripe_is_down():
        for note_id in unless_calls_wait(waiting_since(utc_now() - FORGOTTEN, most=MOST)):
            carry_out_credit_note.enqueue(note_id)

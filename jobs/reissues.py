"""Reissues, carried out one by one as they are planned; what was lost on the way is found again."""

from __future__ import annotations

from functools import partial

from dashboard.billing.reissue_models import Reissue
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.restores.held import unless_calls_wait
from dashboard.sync.issue_notes import FORGOTTEN
from dashboard.sync.void_and_bill import planned_before, void_and_bill
from jobs.calls import call_about
from jobs.credit_notes import carry_out_credit_note
from jobs.runtime import job
from jobs.syncs import stripe_is_down

MOST = 500


def begin_reissue(reissue: Reissue) -> None:
    """Queue what carries a planned reissue out: its credit note, or the void."""
    if reissue.note_id is not None:
        carry_out_credit_note.enqueue(reissue.note_id)
    elif reissue.state == "planned":
        reissue_invoice.enqueue(reissue.id)


@job(queue="interactive", timeout=300)
def reissue_invoice(reissue_id: int) -> None:
    """Void an invoice and bill it again; where that is not possible now, it stays planned."""
    reissue = db.session.get(Reissue, reissue_id)
    if reissue is None or reissue.state != "planned" or reissue.way != "void":
        return
    call_about(reissue.invoice, "reissue", partial(void_and_bill, reissue))


@job(queue="maintenance", timeout=60)
def reissue_planned() -> None:
    """Queue those that are still planned; none while Stripe is known to be down.

    Those that a credit note carries out are found by their notes.
    """
    if not stripe_is_down():
        for reissue_id in unless_calls_wait(planned_before(utc_now() - FORGOTTEN, most=MOST)):
            reissue_invoice.enqueue(reissue_id)

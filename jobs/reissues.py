"""Reissues, carried out one by one as they are planned; what was lost on the way is found again."""

from __future__ import annotations

import time

import structlog
from flask import current_app

from dashboard.billing.reissue_models import Reissue
from dashboard.clock import utc_now
from dashboard.errors import Busy
from dashboard.extensions import db
from dashboard.gateway.errors import GatewayError
from dashboard.sync.issue_notes import FORGOTTEN
from dashboard.sync.void_and_bill import planned_before, void_and_bill
from dashboard.transaction import checkpoint
from jobs.credit_notes import carry_out_credit_note
from jobs.runtime import job
from jobs.syncs import owner, stripe_is_down

MOST = 500
log = structlog.get_logger("jobs.reissues")


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
    try:
        void_and_bill(
            reissue,
            gateway=current_app.extensions["gateway"],
            checkpoint=checkpoint,
            clock=utc_now,
            pause=time.sleep,
            owner=owner(),
        )
    except (Busy, GatewayError) as why:
        log.info("reissue_waits", reissue_id=reissue_id, reason=why.message)
        db.session.rollback()


@job(queue="maintenance", timeout=60)
def reissue_planned() -> None:
    """Queue those that are still planned; none while Stripe is known to be down.

    Those that a credit note carries out are found by their notes.
    """
    if not stripe_is_down():
        for reissue_id in planned_before(utc_now() - FORGOTTEN, most=MOST):
            reissue_invoice.enqueue(reissue_id)

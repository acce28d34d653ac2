"""Credit notes, issued and voided one by one; what was lost on the way is found again."""

from __future__ import annotations

import time

import structlog
from flask import current_app

from dashboard.billing.credit_note_models import CreditNote
from dashboard.clock import utc_now
from dashboard.errors import Busy
from dashboard.extensions import db
from dashboard.gateway.errors import GatewayError
from dashboard.sync.issue_notes import FORGOTTEN, carry_out_note, waiting_since
from dashboard.transaction import checkpoint
from jobs.runtime import job
from jobs.syncs import owner, stripe_is_down

MOST = 500
log = structlog.get_logger("jobs.credit_notes")


@job(queue="interactive", timeout=300)
def carry_out_credit_note(note_id: int) -> None:
    """Issue a planned note, or void one; where that is not possible now, it stays to be done."""
    note = db.session.get(CreditNote, note_id)
    if note is None or not (note.state == "planned" or note.void_asked_at):
        return
    try:
        carry_out_note(
            note,
            gateway=current_app.extensions["gateway"],
            checkpoint=checkpoint,
            clock=utc_now,
            pause=time.sleep,
            owner=owner(),
        )
    except (Busy, GatewayError) as why:
        log.info("credit_note_waits", note_id=note_id, reason=why.message)
        db.session.rollback()


@job(queue="maintenance", timeout=60)
def carry_out_credit_notes() -> None:
    """Queue the notes that are still to be issued or voided; none while Stripe is down."""
    if not stripe_is_down():
        for note_id in waiting_since(utc_now() - FORGOTTEN, most=MOST):
            carry_out_credit_note.enqueue(note_id)

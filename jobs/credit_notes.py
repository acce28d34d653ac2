"""Credit notes, issued one by one as they are planned; what was lost on the way is found again."""

from __future__ import annotations

import time

import structlog
from flask import current_app

from dashboard.billing.credit_note_models import CreditNote
from dashboard.clock import utc_now
from dashboard.errors import Busy
from dashboard.extensions import db
from dashboard.gateway.errors import GatewayError
from dashboard.sync.issue_notes import FORGOTTEN, issue_note, planned_before
from dashboard.transaction import checkpoint
from jobs.runtime import job
from jobs.syncs import owner, stripe_is_down

MOST = 500
log = structlog.get_logger("jobs.credit_notes")


@job(queue="interactive", timeout=300)
def issue_credit_note(note_id: int) -> None:
    """Issue a planned note; where that is not possible now, it stays planned."""
    note = db.session.get(CreditNote, note_id)
    if note is None or note.state != "planned":
        return
    try:
        issue_note(
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
def issue_planned_notes() -> None:
    """Queue the notes that are still planned; none while Stripe is known to be down."""
    if not stripe_is_down():
        for note_id in planned_before(utc_now() - FORGOTTEN, most=MOST):
            issue_credit_note.enqueue(note_id)

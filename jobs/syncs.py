"""Syncs: due ones by the clock, one run at a time, and what killed workers left."""

from __future__ import annotations

import os
import socket
import time

import structlog
from flask import current_app
from sqlalchemy import select

from dashboard.clock import utc_now
from dashboard.errors import Busy
from dashboard.extensions import db
from dashboard.sync.models import SyncRun
from dashboard.sync.request import Request, abandoned_runs, due_for_sync, request_sync
from dashboard.sync.run import execute
from dashboard.transaction import checkpoint
from jobs.runtime import job

# A dispatch takes no more than this; the rest is due again at the next tick.
MOST = 500
QUEUE_OF = {"scheduled": "scheduled", "final": "closing", "event": "scheduled"}
log = structlog.get_logger("jobs.syncs")


@job(queue="scheduled", timeout=300)
def sync_run(run_id: int) -> None:
    """Carry out one run; when another worker holds the invoice, the sweep brings it back."""
    try:
        run = execute(
            run_id,
            gateway=current_app.extensions["gateway"],
            checkpoint=checkpoint,
            clock=utc_now,
            pause=time.sleep,
            owner=f"{socket.gethostname()}:{os.getpid()}",
        )
    except Busy as busy:
        log.info("sync_waits", run_id=run_id, reason=busy.message)
        db.session.rollback()
    else:
        if run is not None:
            log.info("sync_ended", run_id=run_id, state=run.state, calls=run.calls_made)


def enqueue_run(run: SyncRun) -> None:
    """Queue a run by its urgency: a person's click and a close go before the periodic ones."""
    sync_run.enqueue(run.id, queue=QUEUE_OF.get(run.trigger, "interactive"))


@job(queue="scheduled", timeout=60)
def sync_due() -> None:
    """Request a sync for each dirty invoice that is due."""
    now = utc_now()
    for invoice in due_for_sync(now=now, most=MOST):
        enqueue_run(request_sync(invoice, Request("scheduled"), now=now))


@job(queue="maintenance", timeout=60)
def sweep_runs() -> None:
    """Queue the runs that nobody works on: lost jobs, killed workers, retries that are due."""
    ids = abandoned_runs(now=utc_now(), most=MOST)
    for run in db.session.scalars(select(SyncRun).where(SyncRun.id.in_(ids))):
        enqueue_run(run)

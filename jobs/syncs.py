"""Syncs: due ones by the clock, one run at a time, and what killed workers left."""

from __future__ import annotations

import os
import socket
import time
from collections import defaultdict
from collections.abc import Collection, Iterable

import structlog
from flask import current_app
from sqlalchemy import select

from dashboard.clock import utc_now
from dashboard.errors import Busy
from dashboard.extensions import db
from dashboard.gateway.limiter import RedisLimiter
from dashboard.restores.held import unless_calls_wait
from dashboard.sync.broken import goes_alone
from dashboard.sync.models import SyncRun
from dashboard.sync.request import Request, abandoned_runs, due_for_sync, put_off, request_syncs
from dashboard.sync.run import execute
from dashboard.transaction import checkpoint
from jobs.apart import together_or_apart
from jobs.batch import enqueue_each, in_batches, run_each
from jobs.runtime import job

# A dispatch takes no more than this; the rest is due again at the next tick.
MOST = 2000
QUEUE_OF = {
    "scheduled": "scheduled", "final": "closing", "event": "scheduled", "bulk": "scheduled",
}  # fmt: skip
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
            owner=owner(),
        )
    except Busy as busy:
        log.info("sync_waits", run_id=run_id, reason=busy.message)
        db.session.rollback()
    else:
        if run is not None:
            log.info("sync_ended", run_id=run_id, state=run.state, calls=run.calls_made)


def owner() -> str:
    """Return who takes leases here: the worker, by which they are freed when it dies."""
    name: str | None = current_app.extensions.get("worker")
    return name or f"{socket.gethostname()}:{os.getpid()}"


def enqueue_run(run: SyncRun) -> None:
    """Queue a run by its urgency: a person's click and a close go before the periodic ones."""
    sync_run.enqueue(run.id, queue=QUEUE_OF.get(run.trigger, "interactive"))


@job(queue="scheduled", timeout=900)
def sync_batch(*run_ids: int) -> None:
    """Carry out several runs; what fails or is cut off the sweep brings back."""
    run_each(sync_batch, sync_run, run_ids)


def enqueue_runs(runs: Iterable[SyncRun]) -> None:
    """Queue the clock's runs in batches, each in the queue of its urgency.

    One that may have ended its workers gets a job, and so a process, by itself.
    """
    by_queue: dict[str, list[int]] = defaultdict(list)
    for run in runs:
        if goes_alone(run):
            enqueue_run(run)
            continue
        by_queue[QUEUE_OF.get(run.trigger, "interactive")].append(run.id)
    for queue, ids in by_queue.items():
        enqueue_each(sync_batch, sync_run, ids, queue=queue)


@job(queue="scheduled", timeout=120)
def sync_due() -> None:
    """Request a sync for each dirty invoice that is due; none while no call may be made."""
    if stripe_is_down():
        return
    for ids in in_batches(unless_calls_wait(due_for_sync(now=utc_now(), most=MOST))):
        together_or_apart(sync_some, ids, failed=postpone)


def sync_some(ids: Collection[int]) -> None:
    """Hand out the periodic syncs of these, but for what somebody is changing."""
    enqueue_runs(request_syncs(ids, Request("scheduled"), now=utc_now(), wait=False))


def postpone(invoice_id: int, error: Exception) -> None:
    """Try one later for which no sync could be requested."""
    log.error("sync_not_requested", invoice_id=invoice_id, exc_info=error)
    put_off(invoice_id, now=utc_now())


def stripe_is_down() -> bool:
    """Whether calls are held back because Stripe did not answer for a while."""
    limiter: RedisLimiter = current_app.extensions["limiter_of_stripe"]
    return limiter.circuit.open_seconds() > 0


@job(queue="maintenance", timeout=60)
def sweep_runs() -> None:
    """Queue the runs that nobody works on: lost jobs, killed workers, retries that are due."""
    if stripe_is_down():
        return
    if ids := unless_calls_wait(abandoned_runs(now=utc_now(), most=MOST)):
        enqueue_runs(db.session.scalars(select(SyncRun).where(SyncRun.id.in_(ids))))

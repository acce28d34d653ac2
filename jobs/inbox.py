"""The inbox's jobs: drain what waits, process by itself what cannot go along, ask for the rest."""

from __future__ import annotations

import time

import structlog
from flask import current_app

from dashboard.billing.policy import current_policy
from dashboard.clock import utc_now
from dashboard.gateway.priorities import with_priority
from dashboard.gateway.reasons import calling_for
from dashboard.restores.held import is_held
from dashboard.transaction import after_commit, checkpoint, transaction
from dashboard.webhooks.backfill import backfill
from dashboard.webhooks.batch import Drained, drain
from dashboard.webhooks.inbox import due_events, waits_for_a_batch
from dashboard.webhooks.orphans import suspects
from dashboard.webhooks.process import process
from dashboard.webhooks.reread import longest_unread, reread
from jobs.apart import each_apart
from jobs.batch import enqueue_each, run_each
from jobs.runtime import (
    anybody_waits,
    is_stopping,
    job,
    place_of_this_job,
    redis_or_none,
    somebody_waits,
)
from jobs.syncs import MOST, enqueue_run, owner

log = structlog.get_logger("jobs.inbox")
# A tenth of a second's work, about: a click, and who stops the worker, waits no longer.
BATCH = 200
# After fewer it waits for more to come: what a batch costs by itself is spread over its events.
FEW = 25
PAUSE_SECONDS = 0.25
# Nothing came for so long: the job ends. A second one takes over from one that ran for long.
IDLE_SECONDS = 0.5
MOST_SECONDS = 30.0
# In Redis while a job looks into the inbox, so that who stores an event need not queue another.
# Of a killed worker it stays for so long; the sweep goes by the events.
BELL = "inbox:looked_into"
BELL_SECONDS = 5
# Who has rung need not ring again for so long; the last look into the inbox comes that much later.
RUNG_SECONDS = 0.1


def ring() -> bool:
    """Have the inbox drained, unless somebody is at it and will look once more before the end.

    Return whether Redis could be asked.
    """
    is_first = redis_or_none(lambda redis: bool(redis.set(BELL, 1, nx=True, ex=BELL_SECONDS)))
    if is_first:
        drain_inbox.push(())
    return is_first is not None


@job(queue="webhooks", timeout=120)
def drain_inbox() -> None:
    """Process what waits in the inbox, until nothing does or somebody more urgent waits.

    While the ledger is held, what arrives waits: senders first repeat what it forgot.
    """
    if is_held():
        return
    _, worker = place_of_this_job()
    began = last_came = time.monotonic()
    while not (somebody_waits("webhooks") or is_stopping(worker) or is_held()):
        redis_or_none(lambda redis: redis.set(BELL, 1, ex=BELL_SECONDS))
        drained = drain_batch()
        now = time.monotonic()
        last_came = now if drained.done else last_came
        if now - began > MOST_SECONDS or (
            not drained.done and (now - last_came > IDLE_SECONDS or anybody_waits())
        ):
            break
        if drained.taken == BATCH:
            # Behind with the work: a worker that has nothing else to do helps.
            drain_inbox.push(())
        elif drained.taken < FEW:
            time.sleep(PAUSE_SECONDS)
    redis_or_none(lambda redis: redis.delete(BELL))
    # What is stored from here on rings it, but for those who rang a moment ago: until their moment
    # is over they saw the bell, and what they stored is there to be seen.
    time.sleep(RUNG_SECONDS)
    if not is_held() and waits_for_a_batch(now=utc_now()):
        drain_inbox.push(())


def drain_batch() -> Drained:
    """Process one batch in a session of its own, and queue what follows from it."""
    with current_app.app_context(), transaction():
        with calling_for("event"):
            drained = drain(
                gateway=current_app.extensions["gateway"],
                checkpoint=checkpoint,
                now=utc_now(),
                most=BATCH,
                owner=owner(),
            )
        for run in drained.runs:
            enqueue_run(run)
        enqueue_each(process_events, process_event, drained.alone)
        return drained


@job(queue="webhooks", timeout=900)
def process_events(*event_ids: int) -> None:
    """Process several events, each by itself: they wait for Stripe together."""
    run_each(process_events, process_event, event_ids)


@job(queue="webhooks", timeout=120)
def process_event(event_id: int) -> None:
    """Process one event of the inbox by itself."""
    _process(event_id, replay=False)


@job(queue="interactive", timeout=120)
def replay_event(event_id: int) -> None:
    """Process an event again, though it was done or given up."""
    _process(event_id, replay=True)


def _process(event_id: int, *, replay: bool) -> None:
    if is_held():
        return
    with calling_for("event"):
        runs = process(
            event_id,
            gateway=current_app.extensions["gateway"],
            checkpoint=checkpoint,
            now=utc_now(),
            owner=owner(),
            replay=replay,
        )
    for run in runs:
        enqueue_run(run)


@job(queue="maintenance", timeout=60)
def sweep_events() -> None:
    """Hand out the events whose job was lost, whose worker died or whose retry is due."""
    is_batch_due, alone = due_events(now=utc_now(), most=MOST)
    if (is_batch_due or alone) and is_held():
        return
    if is_batch_due:
        after_commit(lambda: drain_inbox.push(()))
    apart = suspects(alone)
    for one in sorted(apart):
        process_event.enqueue(one)
    enqueue_each(process_events, process_event, (one for one in alone if one not in apart))


@job(queue="maintenance", timeout=300, is_alone=True)
def backfill_events() -> None:
    """Store and queue the events that never arrived."""
    with with_priority("scheduled"), calling_for("backfill"):
        for event_ids in backfill(gateway=current_app.extensions["gateway"], now=utc_now()):
            if event_ids:
                after_commit(ring)
            checkpoint()


@job(queue="maintenance", timeout=300, is_alone=True)
def reread_invoices() -> None:
    """Read the invoices again that were not read for the longest time, so many an hour."""
    if is_held():
        return
    with with_priority("scheduled"), calling_for("reread"):
        each_apart(
            read_again,
            longest_unread(most=current_policy().stripe_rereads_per_hour),
            failed=lambda one, error: log.error("not_reread", invoice_id=one, exc_info=error),
        )


def read_again(invoice_id: int) -> None:
    """Read one invoice; it has had its turn whatever becomes of it."""
    gateway = current_app.extensions["gateway"]
    run = reread(invoice_id, gateway=gateway, checkpoint=checkpoint, now=utc_now())
    if run is not None:
        enqueue_run(run)

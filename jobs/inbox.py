"""The inbox's jobs: process an event, pick up stuck ones, ask Stripe for what never arrived."""

from __future__ import annotations

import structlog
from flask import current_app

from dashboard.billing.policy import current_policy
from dashboard.clock import utc_now
from dashboard.gateway.lanes import in_lane
from dashboard.transaction import checkpoint
from dashboard.webhooks.backfill import backfill
from dashboard.webhooks.inbox import stuck_events
from dashboard.webhooks.process import process
from dashboard.webhooks.reread import longest_unread, reread
from jobs.apart import each_apart
from jobs.runtime import job
from jobs.syncs import MOST, enqueue_run

log = structlog.get_logger("jobs.inbox")


@job(queue="webhooks", timeout=120)
def process_event(event_id: int) -> None:
    """Process one event of the inbox."""
    _process(event_id, replay=False)


@job(queue="interactive", timeout=120)
def replay_event(event_id: int) -> None:
    """Process an event again, though it was done or given up."""
    _process(event_id, replay=True)


def _process(event_id: int, *, replay: bool) -> None:
    runs = process(
        event_id,
        gateway=current_app.extensions["gateway"],
        checkpoint=checkpoint,
        now=utc_now(),
        replay=replay,
    )
    for run in runs:
        enqueue_run(run)


@job(queue="maintenance", timeout=60)
def sweep_events() -> None:
    """Queue the events whose job was lost or whose retry is due."""
    for event_id in process_event.not_waiting(stuck_events(now=utc_now(), most=MOST)):
        process_event.enqueue(event_id)


@job(queue="maintenance", timeout=300, is_alone=True)
def backfill_events() -> None:
    """Store and queue the events that never arrived."""
    with in_lane("scheduled"):
        for event_ids in backfill(gateway=current_app.extensions["gateway"], now=utc_now()):
            for event_id in event_ids:
                process_event.enqueue(event_id)
            checkpoint()


@job(queue="maintenance", timeout=300, is_alone=True)
def reread_invoices() -> None:
    """Read the invoices again that were not read for the longest time, so many an hour."""
    with in_lane("scheduled"):
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

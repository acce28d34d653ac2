"""Renewals: bills of ended cycles that wait for a subscription's invoice are looked after."""

from __future__ import annotations

from flask import current_app

from dashboard.clock import utc_now
from dashboard.gateway.priorities import with_priority
from dashboard.gateway.reasons import calling_for
from dashboard.transaction import checkpoint
from dashboard.webhooks.renewals import due_to_look, look
from jobs.batch import enqueue_each, run_each
from jobs.runtime import job
from jobs.syncs import MOST, enqueue_run


@job(queue="closing", timeout=60)
def look_for_renewals() -> None:
    """Hand out the bills whose subscription brought no invoice that was seen."""
    enqueue_each(look_at_renewals, look_at_renewal, due_to_look(now=utc_now(), most=MOST))


@job(queue="closing", timeout=900)
def look_at_renewals(*invoice_ids: int) -> None:
    """Look after several bills."""
    run_each(look_at_renewals, look_at_renewal, invoice_ids)


@job(queue="closing", timeout=120)
def look_at_renewal(invoice_id: int) -> None:
    """Ask Stripe for the renewal's invoice, and queue the sync that follows."""
    gateway = current_app.extensions["gateway"]
    with with_priority("closing"), calling_for("renewal"):
        run = look(invoice_id, gateway=gateway, checkpoint=checkpoint, now=utc_now())
    if run is not None:
        enqueue_run(run)

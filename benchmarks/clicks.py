"""How soon a click is worked on: with nothing else to do, and while batches of syncs run."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import select

from benchmarks.fleet.processes import plant, queue_syncs, wait_until
from benchmarks.fleet.rows import Fleet, dirty_invoices
from benchmarks.fleet.size import dice, organizations
from benchmarks.registry import Figure, benchmark
from benchmarks.sync_rate import limit, opened_fleet
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.sync.models import SyncRun
from dashboard.sync.request import Request, request_sync
from dashboard.transaction import transaction
from jobs.syncs import enqueue_run

# Enough that the batches outlast the clicks.
USUALLY = 600
CLICKS = 20
MOST_MS = 100
# A little more than a click's own sync takes: what is measured is the start, not the line.
BETWEEN_SECONDS = 0.9


@benchmark("click_to_start_ms", "click_to_start_busy_ms")
def clicks(app: Flask) -> list[Figure]:
    """Click every second, first while nothing else happens and then while a fleet is synced."""
    size = organizations(USUALLY)
    with plant(app) as running:
        fleet = opened_fleet(running, size + CLICKS, days_left=10)
        fleet.move_metered(dice(), due=utc_now() + timedelta(days=1))
        clicked = fleet.invoices[:CLICKS]
        limit(running)
        idle = percentile([click(one) for one in clicked])
        again = Fleet({one: fleet.items[one] for one in clicked}, fleet.metered)
        again.move_metered(dice(2), due=utc_now() + timedelta(days=1))
        queue_syncs(fleet.invoices[CLICKS:])
        time.sleep(2)
        busy = percentile([click(one) for one in clicked])
        assert dirty_invoices() > 0, "the batches ended before the clicks: take more organizations"
        # Nothing is cut off in the midst of a call.
        wait_until(lambda: dirty_invoices() == 0, seconds=180)
    return [
        Figure("click_to_start_ms", idle, "ms, p95, idle", CLICKS, bound=MOST_MS),
        Figure("click_to_start_busy_ms", busy, "ms, p95, beside a batch", CLICKS, bound=MOST_MS),
    ]


def click(invoice_id: int) -> float:
    """Ask for a sync as support's page does; return the milliseconds until it began."""
    with transaction():
        invoice = db.session.get_one(Invoice, invoice_id)
        run = request_sync(invoice, Request("support"), now=utc_now())
        enqueue_run(run)
        asked, run_id = utc_now(), run.id
    time.sleep(BETWEEN_SECONDS)
    wait_until(lambda: begun_at(run_id) is not None, seconds=30, every=0.1)
    return ((begun_at(run_id) or asked) - asked).total_seconds() * 1000


def percentile(values: list[float]) -> float:
    """Return the value that one in twenty exceeds."""
    return sorted(values)[round(len(values) * 0.95) - 1]


def begun_at(run_id: int) -> datetime | None:
    """Return when a worker took the run up; None while none has."""
    with transaction():
        return db.session.scalars(select(SyncRun.started_at).where(SyncRun.id == run_id)).one()

"""A machine too busy: fifty syncs and fifty closes while eight processes take all they can get.

The product's processes run before the others begin, as they do where a neighbor goes wild.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from sqlalchemy import func, select, update

from benchmarks.close_rate import count
from benchmarks.fleet.processes import Plant, plant
from benchmarks.fleet.rows import Fleet
from benchmarks.fleet.size import dice, organizations
from benchmarks.registry import Figure, benchmark
from benchmarks.sync_rate import limit, opened_fleet
from dashboard.billing.models import BillingCycle, Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.transaction import transaction

USUALLY = 50
SPINNING = "BENCH_SPINNING"
LONGEST_SECONDS = 240
AIM = 0.2


@benchmark("starved_close_share", "starved_close_rate", "unstarved_close_rate")
def starved(app: Flask) -> list[Figure]:
    """Sync one fleet and close another, first alone and then among spinning processes."""
    size = organizations(USUALLY)
    spinning_processes = int(os.environ.get(SPINNING, 8))
    with plant(app, CLOSING_GRACE_SECONDS="0") as running:
        alone = rate(running, size, spinning_processes=0)
        among = rate(running, size, spinning_processes=spinning_processes)
    return [
        Figure("starved_close_share", among / alone, "of the rate alone", size, at_least=AIM),
        Figure("starved_close_rate", among, "syncs and closes a second", size),
        Figure("unstarved_close_rate", alone, "syncs and closes a second", size),
    ]


def rate(running: Plant, size: int, *, spinning_processes: int) -> float:
    """Return how many syncs and closes a second were completed, from when they were due."""
    fleet = opened_fleet(running, 2 * size, days_left=10)
    closing, syncing = parted(fleet)
    limit(running)
    running.start_scheduler()
    with spinning(spinning_processes):
        # Due only now: what is measured is the work, not the start of Python.
        begun = fall_due(fleet, closing)
        done = work_off(closing, syncing)
        last = max((call["at"] for call in running.calls()), default=time.time())
    running.stop_scheduler()
    running.stop_workers()
    print(f"{spinning_processes} spinning, load {os.getloadavg()[0]:.0f}: {done} of {2 * size} ")
    return done / (last - begun)


def parted(fleet: Fleet) -> tuple[Fleet, Fleet]:
    """Return the half that is to close and the half that is to sync."""
    half = len(fleet.items) // 2
    items = list(fleet.items.items())
    return Fleet(dict(items[:half]), fleet.metered), Fleet(dict(items[half:]), fleet.metered)


def fall_due(fleet: Fleet, closing: Fleet) -> float:
    """Let every invoice hold what Stripe was not told, and half the cycles be over; return when."""
    fleet.move_metered(dice())
    return end_cycles(closing)


def end_cycles(fleet: Fleet) -> float:
    """Let the cycle of every invoice end now; return when that is."""
    now = utc_now()
    with transaction():
        over = Invoice.id.in_(fleet.invoices)
        cycles = BillingCycle.id.in_(select(Invoice.cycle_id).where(over))
        db.session.execute(update(BillingCycle).where(cycles).values(ends_at=now))
        db.session.execute(update(Invoice).where(over).values(period_end=now))
    return now.timestamp()


def work_off(closing: Fleet, syncing: Fleet) -> int:
    """Wait until all is closed and synced, or for the longest time; return how many are."""
    size = len(closing.invoices) + len(syncing.invoices)
    end = time.monotonic() + LONGEST_SECONDS
    while (done := count(closing, "open") + synced(syncing)) < size and time.monotonic() < end:
        time.sleep(1)
    return done


def synced(fleet: Fleet) -> int:
    """Return how many of the fleet's invoices hold nothing that Stripe was not told."""
    told = Invoice.id.in_(fleet.invoices) & (Invoice.revision <= Invoice.synced_revision)
    with transaction():
        return db.session.scalars(select(func.count()).where(told)).one()


@contextmanager
def spinning(processes: int) -> Iterator[None]:
    """Keep so many processes busy with nothing, at the priority of everybody else."""
    argv = [sys.executable, "-c", "while True: pass"]
    running = [subprocess.Popen(argv) for _ in range(processes)]  # noqa: S603  our own
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()

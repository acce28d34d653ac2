"""The close of twenty thousand organizations at once, at Stripe's limits: `close_fleet`.

As `close_rate`, ten times over: what twenty thousand sealed bills do to the looks of the clock, the
queues and the memory shows only there. The floor is what the rate allows, counted: each takes two
calls, one to each of two endpoints, of which each takes 25 a second.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from sqlalchemy import text, update

from benchmarks.close_rate import count
from benchmarks.fleet.processes import Plant, plant, wait_until
from benchmarks.fleet.processor import spent_seconds, used_seconds
from benchmarks.fleet.rows import Fleet
from benchmarks.fleet.size import dice, organizations
from benchmarks.registry import Figure, benchmark
from benchmarks.sync_rate import ENDPOINT, limit, opened_fleet, refused
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.reading.close_progress import close_counts
from dashboard.transaction import transaction

USUALLY = 20_000
MOST_TIMES = 1.15
MOST_CPU_MS = 25
# Closing one at a time, the clock makes them ready; it is not measured.
READY = text("""
    update invoices set status = 'closing', closing_at = now(), seal_after_at = :at
    where id = any(:ids)
""")


@benchmark(
    "close_fleet_seconds", "close_fleet_share", "close_fleet_cpu_ms", "close_fleet_worker_mb",
    "close_fleet_clock_mb", "close_fleet_refused", "close_fleet_progress_ms",
)  # fmt: skip
def close_fleet(app: Flask) -> list[Figure]:
    """Close all of them, from the first seal to the last call; watch memory and the page's look."""
    size = organizations(USUALLY)
    with plant(app) as running:
        fleet = opened_fleet(running, size, days_left=10)
        fleet.move_metered(dice(), due=utc_now() + timedelta(days=1))
        limit(running)
        running.start_scheduler()
        before = used_seconds(app, running)
        watch = Watch(running)
        seconds = close(running, fleet, watch)
        parts = spent_seconds(before, used_seconds(app, running))
        calls = running.calls()
    each = {name: 1000 * spent / size for name, spent in parts.items()}
    print("Processor for each close:", ", ".join(f"{n} {ms:.1f} ms" for n, ms in each.items()))
    floor = size / ENDPOINT
    return [
        Figure("close_fleet_seconds", seconds, "s", size, floor=floor),
        Figure("close_fleet_share", floor / seconds, "of the rate", size, at_least=1 / MOST_TIMES),
        Figure("close_fleet_cpu_ms", sum(each.values()), "ms an invoice", size, bound=MOST_CPU_MS),
        Figure("close_fleet_worker_mb", watch.worker_mb, "MB a worker, at most", size),
        Figure("close_fleet_clock_mb", watch.clock_mb, "MB of the clock, at most", size),
        Figure("close_fleet_refused", refused(calls), "calls answered 429", size, bound=0),
        Figure("close_fleet_progress_ms", watch.progress_ms, "ms, the slowest look", size),
    ]


class Watch:
    """The most that was seen while it went on: memory, and how long the page's counting took."""

    def __init__(self, running: Plant) -> None:
        self._running = running
        self.worker_mb = self.clock_mb = self.progress_ms = 0.0

    def look(self) -> None:
        """Look once."""
        self.worker_mb = max(self.worker_mb, self._running.memory_mb())
        self.clock_mb = max(self.clock_mb, self._running.clock_mb())
        self.progress_ms = max(self.progress_ms, 1000 * took(_count))


def close(running: Plant, fleet: Fleet, watch: Watch) -> float:
    """End all graces at once; return the seconds from the first seal to the last call."""
    size = len(fleet.invoices)
    with transaction():
        db.session.execute(READY, {"at": utc_now(), "ids": fleet.invoices})
        # Nothing else is due meanwhile.
        rest = update(Invoice).where(Invoice.id.in_(fleet.invoices))
        db.session.execute(rest.values(next_sync_at=None))

    def is_done() -> bool:
        watch.look()
        return count(fleet, "open") == size

    wait_until(is_done, seconds=300 + size / ENDPOINT * 4, every=5)
    with transaction():
        query = text("select min(sealed_at) from invoices where sealed_at is not null")
        begun = db.session.execute(query).scalar_one()
    last = max(call["at"] for call in running.calls())
    return float(last - begun.timestamp())


def took(act: Callable[[], object]) -> float:
    """Return how many seconds it took."""
    began = time.monotonic()
    act()
    return time.monotonic() - began


def _count() -> None:
    with transaction():
        close_counts(now=utc_now())

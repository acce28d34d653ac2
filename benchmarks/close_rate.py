"""The close of two thousand organizations at Stripe's limits: seal, verified sync, finalize.

Every invoice still has usage to tell, so each takes two calls: update its lines, whose reply shows
all of them, and finalize; with more than ten lines they are read between. Each endpoint takes 25 a
second, so the bound is 80 s.
"""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select, update

from benchmarks.fleet.processes import Plant, plant, wait_until
from benchmarks.fleet.processor import spent_seconds, used_seconds
from benchmarks.fleet.rows import Fleet
from benchmarks.fleet.size import dice, organizations
from benchmarks.registry import Figure, benchmark
from benchmarks.sync_rate import ENDPOINT, limit, opened_fleet, refused
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.transaction import transaction

USUALLY = 2000
AIM = 0.9
MOST_CPU_MS = 25


@benchmark("close_rate_share", "close_rate_refused", "close_cpu_ms")
def close_rate(app: Flask) -> list[Figure]:
    """Close a fleet whose cycle is over, from the first seal to the last finalized invoice."""
    size = organizations(USUALLY)
    with plant(app) as running:
        fleet = opened_fleet(running, size, days_left=0)
        fleet.move_metered(dice(), due=utc_now() + timedelta(days=1))
        limit(running)
        running.start_scheduler()
        wait_until(lambda: count(fleet, "closing") == size, seconds=60 + size)
        before = used_seconds(app, running)
        seconds = close(running, fleet)
        parts = spent_seconds(before, used_seconds(app, running))
        calls = running.calls()
    assert len(calls) >= 2 * size
    each = {name: 1000 * spent / size for name, spent in parts.items()}
    print("Processor for each close:", ", ".join(f"{n} {ms:.1f} ms" for n, ms in each.items()))
    return [
        Figure("close_rate_share", size / ENDPOINT / seconds, "of the rate", size, at_least=AIM),
        Figure("close_rate_refused", refused(calls), "calls answered 429", size, bound=0),
        Figure("close_cpu_ms", sum(each.values()), "ms an invoice", size, bound=MOST_CPU_MS),
    ]


def close(running: Plant, fleet: Fleet) -> float:
    """End the grace of every invoice at once; return the seconds from there to the last call."""
    with transaction():
        over = update(Invoice).where(Invoice.id.in_(fleet.invoices))
        db.session.execute(over.values(seal_after_at=utc_now()))
    size = len(fleet.invoices)
    wait_until(lambda: count(fleet, "open") == size, seconds=120 + size / ENDPOINT * 4, every=2)
    with transaction():
        begun = db.session.scalars(
            select(func.min(Invoice.sealed_at)).where(Invoice.id.in_(fleet.invoices))
        ).one()
    return max(call["at"] for call in running.calls()) - begun.timestamp()


def count(fleet: Fleet, status: str) -> int:
    """Return how many of the fleet's invoices have that status."""
    query = select(func.count()).where(Invoice.id.in_(fleet.invoices), Invoice.status == status)
    with transaction():
        return db.session.scalars(query).one()

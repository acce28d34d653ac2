"""What the product takes while nothing happens: ten thousand organizations that are in step."""

from __future__ import annotations

import os
import time

from flask import Flask
from sqlalchemy import text

from benchmarks.fleet.processes import NO_LIMITS, Plant, plant
from benchmarks.fleet.processor import spent_seconds, used_seconds
from benchmarks.fleet.rows import make_fleet
from benchmarks.fleet.size import organizations
from benchmarks.registry import Figure, benchmark
from dashboard.extensions import db
from dashboard.transaction import transaction

USUALLY = 10_000
SECONDS = "BENCH_SECONDS"
MOST_PERCENT = 2.0
# What starting leaves behind: first readings, plans, the vacuum of rows just written.
SETTLES_SECONDS = 40
IN_STEP = text("""
    update invoices set synced_revision = revision, synced_total_cents = total_cents,
        last_synced_at = now(), next_sync_at = null
""")


@benchmark("idle_cpu_share")
def idle(app: Flask) -> list[Figure]:
    """Let web, workers and clock wait for a while, and see what they and the stores took."""
    size, seconds = organizations(USUALLY), float(os.environ.get(SECONDS, 300))
    with plant(app) as running:
        make_fleet(size, lines=3, metered=1, days_left=20)
        with transaction():
            db.session.execute(IN_STEP)
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("vacuum analyze"))
        running.start_workers(**NO_LIMITS)
        running.start_scheduler()
        time.sleep(SETTLES_SECONDS)
        parts = taken(app, running, seconds)
    shares = {name: 100 * spent / seconds for name, spent in parts.items()}
    print("Of one core:", ", ".join(f"{name} {share:.2f} %" for name, share in shares.items()))
    total = sum(shares.values())
    return [Figure("idle_cpu_share", total, "% of one core", size, bound=MOST_PERCENT)]


def taken(app: Flask, running: Plant, seconds: float) -> dict[str, float]:
    """Return the seconds of processor that each part takes in so many seconds."""
    before = used_seconds(app, running)
    # Else the connection that asked is one more that PostgreSQL looks after.
    db.session.remove()
    time.sleep(seconds)
    return spent_seconds(before, used_seconds(app, running))

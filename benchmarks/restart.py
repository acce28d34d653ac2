"""An hour with the clock and without workers, fifty cycles over: how soon the first one is closed.

The hour is not waited for: every entry's time is set back as often as it falls due in an hour, and
the clock polls as many times, so whatever an hour leaves in the queues is really left there.
"""

from __future__ import annotations

import time
from datetime import timedelta

from flask import Flask

from benchmarks.close_rate import count
from benchmarks.fleet.processes import Plant, plant, wait_until
from benchmarks.fleet.rows import Fleet
from benchmarks.fleet.size import dice, organizations
from benchmarks.registry import Figure, benchmark
from benchmarks.starved import end_cycles
from benchmarks.sync_rate import limit, opened_fleet
from dashboard.clock import utc_now
from jobs.clock import Clock
from jobs.health import read_health

USUALLY = 50
AIM_SECONDS = 5.0
HOUR = 3600


@benchmark("restart_to_first_close_s", "restart_jobs_waiting", "restart_to_last_close_s")
def restart(app: Flask) -> list[Figure]:
    """Start the workers after an hour without them; time to the first and last finalize call."""
    size = organizations(USUALLY)
    with plant(app, CLOSING_GRACE_SECONDS="0") as running:
        fleet = opened_fleet(running, size, days_left=10)
        fleet.move_metered(dice(), due=utc_now() + timedelta(days=1))
        end_cycles(fleet)
        an_hour(Clock(app))
        left = sum(queue.jobs for queue in read_health(app.extensions["redis"]).queues)
        running.start_scheduler()
        begun = time.time()
        # Until the first worker has registered: what is measured begins with the work.
        limit(running)
        ready = time.time()
        first, last = closed(running, fleet)
    print(f"The workers took {ready - begun:.1f} s to start, which is not counted.")
    return [
        Figure("restart_to_first_close_s", first - ready, "s", size, bound=AIM_SECONDS),
        Figure("restart_to_last_close_s", last - ready, "s", size),
        Figure("restart_jobs_waiting", left, "jobs after the hour", size),
    ]


def an_hour(clock: Clock) -> None:
    """Let every entry fall due as often as in an hour, and the clock do what is due each time."""
    for second in range(1, HOUR + 1):
        due = [entry.id for entry in clock.table if second % entry.every_seconds == 0]
        if due:
            clock.connection.zadd(clock.scheduled_jobs_key, dict.fromkeys(due, time.time() - 1))
            clock.enqueue_jobs()


def closed(running: Plant, fleet: Fleet) -> tuple[float, float]:
    """Wait until the whole fleet is closed; return when the first and last were finalized."""
    size = len(fleet.invoices)
    wait_until(lambda: count(fleet, "open") == size, seconds=120 + 4 * size, every=1)
    at = [call["at"] for call in running.calls() if call["path"].endswith("/finalize")]
    return min(at), max(at)

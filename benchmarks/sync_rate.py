"""Two thousand dirty invoices at Stripe's limits: how much of the allowed rate the workers use.

Real scheduler, two real workers, a simulator that takes 300 ms for every call and really limits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Flask

from benchmarks.fleet.processes import NO_LIMITS, Plant, plant, queue_syncs, wait_until
from benchmarks.fleet.rows import Fleet, dirty_invoices, make_fleet
from benchmarks.fleet.size import dice, lines, organizations
from benchmarks.registry import Figure, benchmark

USUALLY = 2000
LINES, METERED = 10, 2
ACCOUNT, ENDPOINT = 100, 25
IN_FLIGHT = 40
LATENCY_MS = 300
AIM = 0.95


@benchmark("sync_rate_share", "sync_rate_refused", "worker_memory_mb")
def sync_rate(app: Flask) -> list[Figure]:
    """Let the periodic sync work off a fleet in which every invoice has moved."""
    size = organizations(USUALLY)
    with plant(app) as running:
        fleet = opened_fleet(running, size, days_left=10)
        limit(running)
        running.start_scheduler()
        fleet.move_metered(dice())
        memory = work_off(running, seconds=120 + size / ENDPOINT * 4)
        calls = running.calls()
    assert len(calls) >= size
    return [
        Figure("sync_rate_share", share(calls), "of 25 calls/s", size, at_least=AIM),
        Figure("sync_rate_refused", refused(calls), "calls answered 429", size, bound=0),
        Figure("worker_memory_mb", memory, "MB a worker, at most", size),
    ]


def opened_fleet(running: Plant, size: int, *, days_left: int) -> Fleet:
    """Return a fleet whose drafts exist at Stripe; made without limits, it is not measured."""
    fleet = make_fleet(size, lines=lines(LINES), metered=METERED, days_left=days_left)
    running.start_workers(**NO_LIMITS)
    queue_syncs(fleet.invoices)
    wait_until(lambda: dirty_invoices() == 0, seconds=60 + size)
    running.stop_workers()
    return fleet


def limit(running: Plant) -> None:
    """Put Stripe's limits in force on both sides, and forget the calls so far."""
    running.simulator.post("latency", milliseconds=LATENCY_MS)
    running.simulator.post("limits", account_per_second=ACCOUNT, endpoint_per_second=ENDPOINT)
    running.simulator.delete("requests")
    running.start_workers(account=ACCOUNT, endpoint=ENDPOINT, in_flight=IN_FLIGHT)


def work_off(running: Plant, *, seconds: float) -> float:
    """Wait until nothing is dirty; return the most memory a worker had, in MB."""
    seen = [0.0]

    def is_done() -> bool:
        seen.append(running.memory_mb())
        return dirty_invoices() == 0

    wait_until(is_done, seconds=seconds, every=2)
    return max(seen)


def share(calls: Sequence[dict[str, Any]]) -> float:
    """Return the calls a second from the first to the last one, as a share of what is allowed."""
    at = sorted(call["at"] for call in calls)
    return (len(at) - 1) / (at[-1] - at[0]) / ENDPOINT


def refused(calls: Sequence[dict[str, Any]]) -> int:
    """Return how many calls came too fast."""
    return sum(call["status"] == 429 for call in calls)

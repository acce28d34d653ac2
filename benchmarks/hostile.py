"""A thousand invoices while one call in twenty goes wrong in one of seven ways, at random."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import func, select

from benchmarks.fleet.agreement import disagreements
from benchmarks.fleet.processes import NO_LIMITS, Plant, plant, queue_syncs, wait_until
from benchmarks.fleet.rows import dirty_invoices, make_fleet
from benchmarks.fleet.size import dice, organizations
from benchmarks.registry import Figure, benchmark
from dashboard.extensions import db
from dashboard.sync.models import ACTIVE, SyncRun
from dashboard.transaction import transaction
from tests.support.syncing import gateway_to

USUALLY = 1000
SHARE = 0.05
KINDS = (
    "drop_before",
    "drop_after",
    "error_before",
    "error_after",
    "rate_limit",
    "lock_timeout",
    "slow",
)
CALLS_WITHOUT_FAULTS = 4  # customer, draft, lines; an hour later the lines that moved


@benchmark("hostile_extra_calls", "hostile_differing")
def hostile(app: Flask) -> list[Figure]:
    """Open the fleet at Stripe and sync it once more, with faults all the while."""
    size = organizations(USUALLY)
    fleet = make_fleet(size, lines=10, metered=2)
    with plant(app) as running:
        misbehave(running)
        running.start_workers(**NO_LIMITS)
        running.start_scheduler()
        converge(fleet.invoices)
        fleet.move_metered(dice())
        converge(fleet.invoices)
        running.stop_workers()
        faults = sum(rule["hits"] for rule in running.simulator.get("faults"))
        calls = len(running.calls())
        running.simulator.delete("faults")
        wrong = len(disagreements(gateway_to(running.stack.simulator_url)))
        wrong += len(running.simulator.get("audit")["duplicates"])
    extra = (calls - size * CALLS_WITHOUT_FAULTS) / max(1, faults)
    return [
        Figure("hostile_extra_calls", extra, "calls a fault", faults, floor=1),
        Figure("hostile_differing", wrong, "invoices or lines", size, bound=0),
    ]


def misbehave(running: Plant) -> None:
    """Let each kind of fault hit its share of the calls, the same ones in every run."""
    for seed, kind in enumerate(KINDS):
        rule = {"probability": SHARE / len(KINDS), "seed": seed, "seconds": 1}
        running.simulator.fault(kind, **rule)


def converge(invoices: list[int]) -> None:
    """Queue a sync of every invoice and wait until all of them came to their end."""
    queue_syncs(invoices)
    wait_until(lambda: dirty_invoices() + unfinished() == 0, seconds=300 + len(invoices))


def unfinished() -> int:
    """Return how many runs are still to do something."""
    with transaction():
        query = select(func.count()).where(SyncRun.state.in_(ACTIVE))
        return db.session.scalars(query).one()

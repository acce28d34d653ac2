"""What goes on behind the pages: clock, workers, queues, and what was given up."""

from __future__ import annotations

from collections.abc import Iterator

from dashboard.doctor.finding import Finding, look, mend, ok
from dashboard.extensions import db
from dashboard.webhooks.listing import counts_by_state
from jobs.health import Health

WORKERS = "Start `python -m dashboard.worker`. Nothing is synced, closed or processed without one."
SCHEDULE = "Is `python -m dashboard.scheduler` running? Its log says `tick_failed` with the reason."
QUEUES = "Check that the workers run and Stripe answers, or start more workers."
EVENTS = "Open them under Webhook events; preview the replay, then replay."


def findings(health: Health | None) -> Iterator[Finding]:
    """Yield what is found of the work; None when Redis does not answer."""
    if health is None:
        yield look("work", "unknown while Redis is not answering", "See above.")
    else:
        yield _state(
            "schedule", health.clock_state, f"{len(health.ticks)} entries on time", SCHEDULE
        )
        yield _state("workers", health.worker_state, f"{health.workers} alive", WORKERS)
        waiting = f"{sum(queue.jobs for queue in health.queues)} jobs wait, none too long"
        yield _state("queues", health.queue_state, waiting, QUEUES)
    yield from given_up()


def given_up() -> Iterator[Finding]:
    """Yield whether events were given up."""
    dead = counts_by_state().get("dead", 0)
    db.session.rollback()
    if dead:
        yield look("webhook events", f"{dead} are dead", EVENTS)
    else:
        yield ok("webhook events", "none is dead")


def _state(name: str, state: str, well: str, to_do: str) -> Finding:
    return ok(name, well) if state == "ok" else mend(name, state, to_do)

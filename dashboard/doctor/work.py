"""What goes on behind the pages: clock, workers, queues, and what was given up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from dashboard.clock import utc_now
from dashboard.doctor.finding import Finding, look, mend, ok
from dashboard.extensions import db
from dashboard.outgoing.queue import backlog
from dashboard.webhooks.listing import counts_by_state
from jobs.health import Health

WORKERS = "Start `python -m dashboard.worker`. Nothing is synced, closed or processed without one."
SCHEDULE = "Is `python -m dashboard.scheduler` running? Its log says `tick_failed` with the reason."
QUEUES = "Check that the workers run and Stripe answers, or start more workers."
ENDPOINTS = "Open them under Outgoing events: each says what its receiver answers."
EVENTS_WAIT = timedelta(hours=1)
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
    yield outgoing_events()


def given_up() -> Iterator[Finding]:
    """Yield whether events were given up."""
    dead = counts_by_state().get("dead", 0)
    db.session.rollback()
    if dead:
        yield look("webhook events", f"{dead} are dead", EVENTS)
    else:
        yield ok("webhook events", "none is dead")


def outgoing_events() -> Finding:
    """Return whether outgoing events arrive."""
    found = backlog(now=utc_now())
    db.session.rollback()
    if found.off:
        return look("outgoing events", f"{found.off} endpoints are off", ENDPOINTS)
    if found.since is not None and utc_now() - found.since > EVENTS_WAIT:
        return look("outgoing events", f"{found.number} wait, the first for an hour", ENDPOINTS)
    return ok("outgoing events", "none waits too long")


def _state(name: str, state: str, well: str, to_do: str) -> Finding:
    return ok(name, well) if state == "ok" else mend(name, state, to_do)

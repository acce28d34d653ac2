"""What is over for long goes, in slices: each is a short transaction, so it may end anywhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import structlog
from flask import current_app

from dashboard.clock import utc_now
from dashboard.config import Config
from dashboard.sync.forget import forget_runs
from dashboard.transaction import checkpoint
from dashboard.usage.forget import forget_keys
from dashboard.webhooks.forget import forget_events
from jobs.runtime import is_stopping, job, place_of_this_job, redis_or_none

log = structlog.get_logger("jobs.forgetting")
# A few dozen milliseconds each; as long as a slice took, others have the database to themselves.
ROWS, PAGES = 1000, 200
MOST_SECONDS = 300.0
# Where it stood when its time was over; lost with Redis, it begins again.
PLACES = "forgetting"

# Takes and returns a place; None at the end.
Slice = Callable[[int], int | None]


@job(queue="maintenance", timeout=600, is_alone=True)
def forget_old() -> None:
    """Remove runs, events and keys that are older than the settings keep them."""
    ends_at = time.monotonic() + MOST_SECONDS
    for name, forget in slices(current_app.extensions["config"], utc_now()):
        walk(name, forget, ends_at)


def slices(config: Config, now: datetime) -> Iterator[tuple[str, Slice]]:
    """Yield what is to be removed slice by slice, and under which name its place is kept."""

    def before(days: int) -> datetime:
        return now - timedelta(days=days)

    if days := config.sync_runs_kept_days:
        runs = before(days)
        yield "runs", lambda place: forget_runs(place, before=runs, most=ROWS)
    if days := config.webhook_events_kept_days:
        events = before(days)
        yield "events", lambda place: forget_events(place, before=events, most=ROWS)
    if days := config.keys_kept_days:
        keys = before(days)
        yield "keys", lambda place: forget_keys(place, before=keys, most=PAGES)


def walk(name: str, forget: Slice, ends_at: float) -> None:
    """Go on from where it stood, to the end or until its time is over."""
    _, worker = place_of_this_job()
    place: int | None = int(redis_or_none(lambda redis: redis.hget(PLACES, name)) or 0)
    while place is not None:
        began = time.monotonic()
        place = forget(place)
        checkpoint()
        _keep(name, place)
        took = time.monotonic() - began
        if place is not None and (began + took > ends_at or is_stopping(worker)):
            log.info("forgetting_goes_on_later", of=name, place=place)
            return
        time.sleep(took)


def _keep(name: str, place: int | None) -> None:
    if place is None:
        redis_or_none(lambda redis: redis.hdel(PLACES, name))
    else:
        redis_or_none(lambda redis: redis.hset(PLACES, name, str(place)))

"""Go through a long table in slices: each is a short transaction, so a walk may end anywhere."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from dashboard.transaction import checkpoint
from jobs.runtime import is_stopping, place_of_this_job, redis_or_none

log = structlog.get_logger("jobs.walk")
# Where each walk stood when its time was over; lost with Redis, it begins again.
PLACES = "forgetting"

# Takes and returns a place; None at the end.
Slice = Callable[[int], int | None]


def walk(name: str, take: Slice, ends_at: float) -> None:
    """Go on from where it stood, to the end or until its time is over."""
    _, worker = place_of_this_job()
    place: int | None = int(redis_or_none(lambda redis: redis.hget(PLACES, name)) or 0)
    while place is not None:
        began = time.monotonic()
        place = take(place)
        checkpoint()
        _keep(name, place)
        took = time.monotonic() - began
        if place is not None and (began + took > ends_at or is_stopping(worker)):
            log.info("walk_goes_on_later", of=name, place=place)
            return
        # As long as a slice took, others have the database to themselves.
        time.sleep(took)


def _keep(name: str, place: int | None) -> None:
    if place is None:
        redis_or_none(lambda redis: redis.hdel(PLACES, name))
    else:
        redis_or_none(lambda redis: redis.hset(PLACES, name, str(place)))

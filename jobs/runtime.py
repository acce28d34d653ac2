"""Tasks: ids in, one domain verb, one transaction; queued only once the rows exist.

A task may run twice or, when Redis loses it, not at all: the rows it works on say what is still to
be done, and the sweeps in `jobs.schedule` queue it again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, ParamSpec

import structlog
from flask import current_app
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue

from dashboard.transaction import after_commit, transaction

# By urgency: a worker takes from the first queue that has anything.
QUEUES = ("webhooks", "interactive", "closing", "scheduled", "maintenance")
# How long a queued task keeps the same one from being queued again.
QUEUED_SECONDS = 120
log = structlog.get_logger("jobs")
P = ParamSpec("P")


class Task(Generic[P]):
    """A function that runs in a worker, in one transaction, and can be queued by its ids."""

    def __init__(self, function: Callable[P, None], *, queue: str, timeout: int) -> None:
        if queue not in QUEUES:
            raise ValueError(f"{queue!r} is not one of the queues {QUEUES}")
        self.function = function
        self.queue = queue
        self.timeout = timeout
        self.path = f"{function.__module__}.{function.__name__}"
        self.__doc__ = function.__doc__
        self.__name__ = function.__name__
        self.__module__ = function.__module__

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Run now: commit when it returns, roll back when it raises."""
        _redis_or_none(lambda redis: redis.delete(self._mark(args)))
        with transaction():
            self.function(*args, **kwargs)

    def enqueue(self, *ids: int, queue: str | None = None) -> None:
        """Queue it once the present transaction is committed; not twice while it waits."""
        after_commit(lambda: self._push(ids, queue or self.queue))

    def _push(self, ids: tuple[int, ...], queue: str) -> None:
        def push(redis: Redis) -> None:
            if redis.set(self._mark(ids), 1, nx=True, ex=QUEUED_SECONDS):
                Queue(queue, connection=redis).enqueue_call(
                    self.path, args=ids, timeout=self.timeout, result_ttl=0, failure_ttl=7 * 86400
                )

        _redis_or_none(push)

    def _mark(self, ids: tuple[object, ...]) -> str:
        return f"queued:{self.path}:{':'.join(map(str, ids))}"


def job(*, queue: str, timeout: int) -> Callable[[Callable[P, None]], Task[P]]:
    """Make a function a task of `queue` that may run for `timeout` seconds."""

    def wrap(function: Callable[P, None]) -> Task[P]:
        return Task(function, queue=queue, timeout=timeout)

    return wrap


def _redis_or_none(action: Callable[[Redis], object]) -> None:
    """Do it, or leave it to the sweep: what is committed must not turn into an error page."""
    try:
        action(current_app.extensions["redis"])
    except RedisError as error:
        log.warning("redis_unreachable", error=type(error).__name__)

"""Tasks: ids in, one domain verb, one transaction; queued only once the rows exist.

A task may run twice or, when Redis loses it, not at all: the rows it works on say what is still to
be done, and the sweeps in `jobs.schedule` queue it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, ParamSpec, TypeVar

import structlog
from flask import current_app
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker, get_current_job

from dashboard.transaction import after_commit, transaction

# By urgency: a worker takes from the first queue that has anything.
QUEUES = ("webhooks", "interactive", "closing", "scheduled", "maintenance")
# For these a batch gives way. Not for the closing queue: the clock's ticks go there every few
# seconds, and a close can wait for the end of a batch.
PROMPT = ("webhooks", "interactive")
# How long a queued task keeps the same one from being queued again.
QUEUED_SECONDS = 120
log = structlog.get_logger("jobs")
P = ParamSpec("P")
T = TypeVar("T")


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
        after_commit(lambda: self.push(ids, queue))

    def push(self, ids: Sequence[int], queue: str | None = None, *, at_front: bool = False) -> None:
        """Queue it now; not twice while it waits."""

        def push(redis: Redis) -> None:
            if redis.set(self._mark(ids), 1, nx=True, ex=QUEUED_SECONDS):
                Queue(queue or self.queue, connection=redis).enqueue_call(
                    self.path,
                    args=tuple(ids),
                    timeout=self.timeout,
                    result_ttl=0,
                    failure_ttl=7 * 86400,
                    at_front=at_front,
                )

        _redis_or_none(push)

    def claim(self, ids: Iterable[int]) -> list[int]:
        """Return those of `ids` for which it does not wait in a queue yet; from now on it does."""
        wanted = list(ids)

        def mark(redis: Redis) -> list[int]:
            pipe = redis.pipeline(transaction=False)
            for one in wanted:
                pipe.set(self._mark((one,)), 1, nx=True, ex=QUEUED_SECONDS)
            return [one for one, is_new in zip(wanted, pipe.execute(), strict=True) if is_new]

        return _redis_or_none(mark) or []

    def _mark(self, ids: Sequence[object]) -> str:
        return f"queued:{self.path}:{':'.join(map(str, ids))}"


def job(*, queue: str, timeout: int) -> Callable[[Callable[P, None]], Task[P]]:
    """Make a function a task of `queue` that may run for `timeout` seconds."""

    def wrap(function: Callable[P, None]) -> Task[P]:
        return Task(function, queue=queue, timeout=timeout)

    return wrap


def place_of_this_job() -> tuple[str | None, str | None]:
    """Return the queue that the running job was taken from, and its worker; outside of one None."""
    this = get_current_job()
    return (None, None) if this is None else (this.origin, this.worker_name)


def is_stopping(worker: str | None) -> bool:
    """Whether the worker of that name was told to stop once its job is done."""
    key = f"{Worker.redis_worker_namespace_prefix}{worker}"
    asked = _redis_or_none(lambda redis: redis.hexists(key, "shutdown_requested_date"))
    return worker is not None and bool(asked)


def somebody_waits() -> bool:
    """Whether a job is queued whose end a person or Stripe's event waits for."""

    def look(redis: Redis) -> int:
        return int(redis.exists(*(Queue(name, connection=redis).key for name in PROMPT)))

    return bool(_redis_or_none(look))


def _redis_or_none(action: Callable[[Redis], T]) -> T | None:
    """Do it, or leave it to the sweep: what is committed must not turn into an error page."""
    try:
        return action(current_app.extensions["redis"])
    except RedisError as error:
        log.warning("redis_unreachable", error=type(error).__name__)
        return None

"""Tasks: ids in, one domain verb, one transaction; queued only once the rows exist.

A task may run twice or, when Redis loses it, not at all: the rows it works on say what is still to
be done, and the clock's entries in `jobs.schedule` hand it out again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from time import monotonic
from typing import Generic, ParamSpec, TypeVar, cast
from uuid import uuid4

import structlog
from flask import current_app
from redis import Redis
from redis.exceptions import RedisError
from rq import Worker, get_current_job

from dashboard.transaction import after_commit, transaction
from jobs import marks, ticks
from jobs.declared import KEPT_SECONDS, TASKS
from jobs.queues import QUEUES, key_of, queue_named

log = structlog.get_logger("jobs")
P = ParamSpec("P")
T = TypeVar("T")


class Task(Generic[P]):
    """A function that runs in a worker, in one transaction, and can be queued by its ids.

    While it waits it is not queued again. One that `is_alone` is not while it runs either: an
    entry of the clock, which has nothing to gain from a second one behind the first.
    """

    def __init__(
        self, function: Callable[P, None], *, queue: str, timeout: int, is_alone: bool = False
    ) -> None:
        if queue not in QUEUES:
            raise ValueError(f"{queue!r} is not one of the queues {QUEUES}")
        self.function = function
        self.queue = queue
        self.timeout = timeout
        self.is_alone = is_alone
        self.path = f"{function.__module__}.{function.__name__}"
        self.__doc__ = function.__doc__
        self.__name__ = function.__name__
        self.__module__ = function.__module__

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Run now: commit when it returns, roll back when it raises."""
        if not self.is_alone:
            # What is asked for from here on may come too late for this run: it is queued anew.
            redis_or_none(lambda redis: redis.delete(self.mark(args)))
        began = monotonic()
        with transaction():
            self.function(*args, **kwargs)
        if self.is_alone:
            took = monotonic() - began
            redis_or_none(lambda redis: ticks.note(redis, self.__name__, took))

    def enqueue(self, *ids: int, queue: str | None = None) -> None:
        """Queue it once the present transaction is committed; not twice while it waits."""
        after_commit(lambda: self.push(ids, queue))

    def push(self, ids: Sequence[int], queue: str | None = None) -> None:
        """Queue it now; not twice while it waits."""
        job_id = str(uuid4())

        def push(redis: Redis) -> None:
            if marks.take(redis, self.mark(ids), job_id):
                self.put(redis, job_id, ids, queue or self.queue)

        redis_or_none(push)

    def push_batch(
        self, each: Task[[int]], ids: Sequence[int], queue: str | None, *, at_front: bool = False
    ) -> None:
        """Queue it now for `ids` of the task `each`, which wait with it from now on."""
        job_id = str(uuid4())

        def push(redis: Redis) -> None:
            marks.put(redis, [each.mark((one,)) for one in ids], job_id)
            self.put(redis, job_id, ids, queue or self.queue, at_front=at_front)

        redis_or_none(push)

    def not_waiting(self, ids: Iterable[int]) -> list[int]:
        """Return those of `ids` for which it does not wait in a queue; none without Redis."""
        by_mark = {self.mark((one,)): one for one in ids}
        found = redis_or_none(lambda redis: marks.free(redis, list(by_mark))) or []
        return [by_mark[mark] for mark in found]

    def mark(self, ids: Sequence[object]) -> str:
        """Return the name of what says that it waits for these ids."""
        return f"queued:{self.path}:{':'.join(map(str, ids))}"

    def put(
        self, redis: Redis, job_id: str, ids: Sequence[int], queue: str, *, at_front: bool = False
    ) -> None:
        """Put it into the queue under that id, whatever waits already."""
        queue_named(queue, redis).enqueue_call(
            self.path,
            args=tuple(ids),
            timeout=self.timeout,
            result_ttl=0,
            failure_ttl=KEPT_SECONDS,
            job_id=job_id,
            at_front=at_front,
        )


def job(
    *, queue: str, timeout: int, is_alone: bool = False
) -> Callable[[Callable[P, None]], Task[P]]:
    """Declare a function a task of `queue` that may run for `timeout` seconds."""

    def wrap(function: Callable[P, None]) -> Task[P]:
        task = Task(function, queue=queue, timeout=timeout, is_alone=is_alone)
        TASKS[task.path] = cast(Task[...], task)
        return task

    return wrap


def place_of_this_job() -> tuple[str | None, str | None]:
    """Return the queue that the running job was taken from, and its worker; outside of one None."""
    this = get_current_job()
    return (None, None) if this is None else (this.origin, this.worker_name)


def is_stopping(worker: str | None) -> bool:
    """Whether the worker of that name was told to stop once its job is done."""
    key = f"{Worker.redis_worker_namespace_prefix}{worker}"
    asked = redis_or_none(lambda redis: redis.hexists(key, "shutdown_requested_date"))
    return worker is not None and bool(asked)


def somebody_waits(queue: str) -> bool:
    """Whether a job is queued that is more urgent than those of `queue`."""
    return _is_any_queued(QUEUES[: QUEUES.index(queue)])


def anybody_waits() -> bool:
    """Whether any job is queued."""
    return _is_any_queued(QUEUES)


def _is_any_queued(queues: Sequence[str]) -> bool:
    def look(redis: Redis) -> int:
        return int(redis.exists(*map(key_of, queues)))

    return bool(queues) and bool(redis_or_none(look))


def redis_or_none(action: Callable[[Redis], T]) -> T | None:
    """Do it, or leave it to the clock: what is committed must not turn into an error page."""
    try:
        return action(current_app.extensions["redis"])
    except (RedisError, UnicodeDecodeError) as error:
        # The second: somebody else has written what is no text under a name of ours.
        log.warning("redis_unreachable", error=type(error).__name__)
        return None

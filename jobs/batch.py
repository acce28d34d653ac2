"""Many small tasks in one job: some threads, each with its own context; one failure is its own.

A call to Stripe is mostly waiting, so the clock's work is handed out in batches, many waits in one
process, and only a person's click is a job by itself. A batch gives way to
what is more urgent than itself (a click, an event; to a close, when it is none), and when its
worker is told to stop: what it had not begun goes back to the front of its queue.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, repeat

import structlog
from flask import Flask, current_app

from dashboard.transaction import after_commit
from jobs.runtime import Task, is_stopping, place_of_this_job, somebody_waits

# Enough for one worker to fill 25 a second with closes, of a second and a bit each, while another
# is between two batches. A thread that waits for Stripe holds no connection to the database.
THREADS = 32
SIZE = 300
# So long a batch runs before it gives way: while its threads come to their ends it uses less and
# less of the rate. A click does not wait for that: see jobs.pool.
GIVES_WAY_AFTER_SECONDS = 3.0
log = structlog.get_logger("jobs.batch")


def enqueue_each(
    batch: Task[[int]], task: Task[[int]], ids: Iterable[int], *, queue: str | None = None
) -> None:
    """Queue `task` for each id, many to a job, once the present transaction is committed.

    An id that waits in a queue already is left out.
    """

    def push() -> None:
        for some in in_batches(task.not_waiting(ids)):
            batch.push_batch(task, some, queue)

    after_commit(push)


def run_each(batch: Task[[int]], task: Task[[int]], ids: Sequence[int]) -> None:
    """Run `task` for each id until something more urgent waits or the worker is to stop.

    The rest is queued again.
    """
    origin, worker = place_of_this_job()
    queue = origin or batch.queue
    rest = in_parallel(task, ids, gives_way=lambda: somebody_waits(queue) or is_stopping(worker))
    if rest:
        log.info("batch_gave_way", task=task.path, left=len(rest))
        batch.push_batch(task, rest, queue, at_front=True)


def in_parallel(
    task: Task[[int]], ids: Sequence[int], *, gives_way: Callable[[], bool] = lambda: False
) -> list[int]:
    """Run `task` for each id; return those not begun because it was time to give way.

    A failing one is logged and found again by its sweep.
    """
    # The proxy would look for a context that the threads do not have.
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    waiting = deque(ids)
    end = time.monotonic() + GIVES_WAY_AFTER_SECONDS

    def work() -> None:
        while waiting:
            with app.app_context():
                if time.monotonic() > end and gives_way():
                    return
                try:
                    one = waiting.popleft()
                except IndexError:  # another thread took the last one
                    return
                try:
                    task(one)
                except Exception:  # its row says that it is not done; the others must go on
                    log.exception("task_failed", task=task.path, id=one)

    threads = min(THREADS, len(ids))
    with ThreadPoolExecutor(threads) as pool:
        try:
            for future in [pool.submit(work) for _ in range(threads)]:
                future.result()
        except BaseException:  # out of time: what is not begun is not begun any more
            waiting.clear()
            raise
    return list(waiting)


def in_batches(ids: Iterable[int]) -> Iterator[tuple[int, ...]]:
    """Yield `ids` in order, as many at a time as one job takes.

    The first is half as long as the second, so that two workers who begin together never come to
    the end of theirs together: while one is between two batches, the other uses the rate.
    """
    rest = tuple(ids)
    sizes = chain((SIZE // 2, SIZE), repeat(SIZE * 3 // 4))
    while len(rest) > SIZE:
        size = next(sizes)
        yield rest[:size]
        rest = rest[size:]
    if rest:
        yield rest

"""Many small tasks in one job: a few threads, each with its own context; one failure is its own.

A call to Stripe is mostly waiting, and forking a job costs more than a sync does; so the clock's
work is handed out in batches and only a person's click is a job by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import structlog
from flask import Flask, current_app

from jobs.runtime import Task

# Enough that a worker's calls of a third of a second fill its half of Stripe's 100 a second.
THREADS = 16
SIZE = 40
log = structlog.get_logger("jobs.batch")


def in_parallel(task: Task[[int]], ids: Sequence[int]) -> None:
    """Run `task` for each id; a failing one is logged and found again by its sweep."""
    # The proxy would look for a context that the threads do not have.
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]

    def run(one: int) -> None:
        with app.app_context():
            try:
                task(one)
            except Exception:  # its row says that it is not done; the others must go on
                log.exception("task_failed", task=task.path, id=one)

    with ThreadPoolExecutor(min(THREADS, len(ids))) as pool:
        list(pool.map(run, ids))


def in_batches(ids: Iterable[int]) -> Iterator[tuple[int, ...]]:
    """Yield `ids` in order, as many at a time as one job takes."""
    waiting = iter(ids)
    while batch := tuple(islice(waiting, SIZE)):
        yield batch

"""Signs of life of a worker in the midst of a job, from a thread beside it.

They stop when the process dies, and when a job lets no other thread run, which is as bad.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from types import TracebackType

import structlog
from redis.exceptions import RedisError
from rq.executions import Execution
from rq.job import Job
from rq.worker import BaseWorker

log = structlog.get_logger("jobs.pulse")


class Pulse:
    """A thread that says every so often that the worker and its job live."""

    def __init__(self, worker: BaseWorker) -> None:
        self.worker = worker
        self.running: tuple[Job, Execution] | None = None
        self.ended = Event()
        self.thread = Thread(target=self.beat, name="pulse", daemon=True)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.ended.set()

    @contextmanager
    def of(self, job: Job, execution: Execution) -> Iterator[None]:
        """Speak for this job too, while the block runs."""
        self.running = (job, execution)
        try:
            yield
        finally:
            self.running = None

    def beat(self) -> None:
        """Give signs of life while a job runs, until the worker ends; idle it gives its own."""
        while not self.ended.wait(self.worker.job_monitoring_interval):
            running = self.running
            if running is None:
                continue
            try:
                self.worker.maintain_heartbeats(*running)
            except RedisError as error:
                log.warning("redis_unreachable", error=type(error).__name__)

"""One worker: a process that does each job itself, in the application's context.

It forks nothing, so its compiled statements and connections serve the next job too. What a fork
was for is seen to otherwise: its sign of life comes from a thread, a job that hangs ends the
process, one that fails leaves no connection behind, and a worker that has grown or is old ends.
"""

from __future__ import annotations

import faulthandler
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from flask import Flask
from redis.client import Pipeline
from rq import Queue
from rq.exceptions import StopRequested
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import BaseWorker, WorkerStatus
from rq.worker_registration import register
from sqlalchemy import QueuePool

from dashboard.extensions import db
from jobs.declared import DeclaredJob, load_tasks
from jobs.pulse import Pulse
from jobs.queues import TaskQueue

# An idle worker says that it lives a little more often than this. RQ's seven minutes would count a
# killed one among the living for as long.
SIGN_OF_LIFE_SECONDS = 30
# What a worker that was killed had taken is given up by the others this often; RQ's ten minutes
# leave its mark standing for as long.
MAINTENANCE_SECONDS = 60
# A job is cut off after its time by an exception. One that does not hear it, because it waits in C
# or its threads go on, is ended with its process so much later.
DEAF_SECONDS = 10
# A worker ends after the job with which it reaches any of these; the pool starts another.
MOST_JOBS = 20_000
MOST_MEMORY_MB = 512
MOST_SECONDS = 6 * 3600
# A batch opens one for each thread; kept open, they would be the server's most.
KEPT_CONNECTIONS = 4


class SingleWorker(BaseWorker):
    """An RQ worker that runs declared tasks, each in its own process."""

    job_class = DeclaredJob
    queue_class = TaskQueue

    def __init__(self, *args: Any, app: Flask, **kwargs: Any) -> None:
        kwargs["serializer"] = JSONSerializer
        kwargs.setdefault("worker_ttl", SIGN_OF_LIFE_SECONDS)
        kwargs.setdefault("maintenance_interval", MAINTENANCE_SECONDS)
        load_tasks()
        super().__init__(*args, **kwargs)
        self.app = app
        self.pulse = Pulse(self)
        self.jobs_done = 0
        self.old_at = time.monotonic() + MOST_SECONDS
        app.extensions["worker"] = self.name

    def work(self, *args: Any, **kwargs: Any) -> bool:
        """Work as the pool says, but without RQ's own scheduler: the clock is another process."""
        with self.pulse:
            return super().work(*args, **{**kwargs, "with_scheduler": False})

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Give a sign of life, and the name with it: Redis may have lost its data since."""
        super().heartbeat(timeout, pipeline)
        if pipeline is not None:
            register(self, pipeline)
            return
        with self.connection.pipeline(transaction=False) as own:
            register(self, own)
            own.execute()

    def prepare_job_execution(self, job: Job, remove_from_intermediate_queue: bool = False) -> None:
        """Note that the job runs; RQ would look for it under the key of a queue of its own kind."""
        super().prepare_job_execution(job)
        if remove_from_intermediate_queue:
            self.connection.lrem(self.queues[0].intermediate_queue_key, 1, job.id)

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Do one job here. Raises StopRequested after the last one that this worker is to do."""
        # Where it was found, whatever it says itself.
        job.origin = queue.name
        execution = self.prepare_execution(job)
        with self.pulse.of(job, execution), ended_if_deaf(job.timeout):
            self.perform_job(job, queue, execution)
        self.set_state(WorkerStatus.IDLE)
        self.jobs_done += 1
        if self.is_worn:
            self.log.info("Worker %s: ends after %d jobs", self.name, self.jobs_done)
            raise StopRequested

    def perform_job(self, job: Job, queue: Queue, execution: Execution) -> bool:
        """Run `job` with a context of its own; True when it did not fail."""
        with (
            self.app.app_context(),
            structlog.contextvars.bound_contextvars(job_id=job.id, job=job.func_name),
        ):
            is_done = bool(super().perform_job(job, queue, execution))
            if not is_done:
                # It may have been cut off in the midst of an answer.
                db.session().invalidate()
            let_go_of_connections()
            return is_done

    @property
    def is_worn(self) -> bool:
        """Whether another worker should follow: this one has done much, has grown, or is old."""
        return (
            self.jobs_done >= MOST_JOBS
            or most_memory_mb() > MOST_MEMORY_MB
            or time.monotonic() > self.old_at
        )


def most_memory_mb() -> float:
    """Return the most memory that this process ever had."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1e6 if sys.platform == "darwin" else 1e3)


def let_go_of_connections() -> None:
    """Close the connections that nobody uses, where they are more than a single job needs."""
    pool = db.engine.pool
    if isinstance(pool, QueuePool) and pool.checkedin() > KEPT_CONNECTIONS:
        db.engine.dispose()


@contextmanager
def ended_if_deaf(timeout: int | float | None) -> Iterator[None]:
    """End this process when the block takes much longer than `timeout` seconds.

    The watch is a thread of C, which needs nothing of the interpreter: it says on stderr where
    every thread was, and ends the process as a crash would.
    """
    if timeout is None or timeout < 0:
        yield
        return
    faulthandler.dump_traceback_later(timeout + DEAF_SECONDS, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()

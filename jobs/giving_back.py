"""What a worker had taken when it died goes back at once, not once its silence was noticed.

Its jobs count as failed, so that no mark holds for them, its leases are free, and the runs and the
events it had begun are handed out again. Whatever else it had, the clock finds by its rows as ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import structlog
from flask import Flask
from redis import Redis
from rq import Worker
from rq.exceptions import NoSuchJobError
from rq.executions import Execution
from rq.job import JobStatus
from rq.serializers import JSONSerializer
from rq.worker import BaseWorker

from dashboard.clock import utc_now
from dashboard.sync.lease import release_all_of
from dashboard.transaction import transaction
from dashboard.webhooks.orphans import give_back_all_of
from jobs.declared import DeclaredJob
from jobs.inbox import sweep_events
from jobs.queues import TaskQueue, queue_named
from jobs.syncs import sweep_runs

ENDED = (JobStatus.FINISHED, JobStatus.FAILED, JobStatus.STOPPED, JobStatus.CANCELED)
log = structlog.get_logger("jobs.giving_back")


def give_back(app: Flask, dead: Sequence[str]) -> None:
    """Give back what these workers had; where Redis or the database is away the clock does it."""
    for name in dead:
        with app.app_context():
            try:
                jobs = fail_jobs_of(app.extensions["redis"], name)
                with transaction():
                    leases = release_all_of(name)
                    events = give_back_all_of(name, now=utc_now())
                if jobs or leases or events:
                    log.info("given_back", worker=name, jobs=jobs, leases=leases, events=events)
                    sweep_runs()
                    sweep_events()
            except Exception:  # the pool needs its worker more than this
                log.exception("giving_back_failed", worker=name)


def fail_jobs_of(redis: Redis, name: str) -> int:
    """End the jobs that a dead worker was at, and forget it; return how many there were."""
    worker = Worker.find_by_key(
        f"{Worker.redis_worker_namespace_prefix}{name}",
        connection=redis,
        job_class=DeclaredJob,
        queue_class=TaskQueue,
        serializer=JSONSerializer,
    )
    if worker is None:
        return 0
    failed = 0
    for execution in worker.get_current_executions():
        # One that came to its own end in time is forgotten already.
        with suppress(NoSuchJobError):
            failed += fail_job(worker, execution)
    worker.register_death()  # type: ignore[no-untyped-call]
    return failed


def fail_job(worker: BaseWorker, execution: Execution) -> bool:
    """End one job, unless it has ended; return whether it had not."""
    job = DeclaredJob.fetch(execution.job_id, connection=worker.connection)
    if job.get_status() in ENDED:
        return False
    log.error("worker_died", worker=worker.name, job=job.func_name, job_id=job.id)
    queue = queue_named(job.origin, worker.connection)
    why = "Its worker ended during it."
    worker.handle_job_failure(job, queue=queue, exc_string=why, execution=execution)
    return True

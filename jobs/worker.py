"""The worker pool: `python -m jobs.worker --workers 2`."""

from __future__ import annotations

import argparse
from typing import Any

import structlog
from redis import Redis
from rq import Queue, Worker
from rq.executions import Execution
from rq.job import Job
from rq.worker_pool import WorkerPool

from dashboard.app import create_app
from dashboard.config import load_config
from dashboard.extensions import db
from jobs.runtime import QUEUES


class DashboardWorker(Worker):
    """An RQ worker that runs each job inside the application's context."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Made before any job is forked, so that each fork inherits the loaded code.
        self.app = create_app()

    def perform_job(self, job: Job, queue: Queue, execution: Execution) -> bool:
        """Run `job` with a context of its own and connections of its own."""
        with self.app.app_context():
            # The fork must never speak through a connection that the parent opened.
            db.engine.dispose(close=False)
            structlog.contextvars.clear_contextvars()
            structlog.contextvars.bind_contextvars(job_id=job.id, job=job.func_name)
            return bool(super().perform_job(job, queue, execution))


def main() -> None:
    """Run the pool until it is told to stop; dead workers are replaced."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--burst", action="store_true", help="stop when the queues are empty")
    arguments = parser.parse_args()
    config = load_config()
    pool = WorkerPool(
        QUEUES,
        connection=Redis.from_url(config.redis_url),
        num_workers=arguments.workers,
        worker_class=DashboardWorker,
    )
    pool.start(burst=arguments.burst, logging_level=config.log_level)


if __name__ == "__main__":
    main()

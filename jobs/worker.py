"""The worker pool: `python -m jobs.worker --workers 2`."""

from __future__ import annotations

import argparse
import gc
from typing import Any

import structlog
from redis import Redis
from redis.client import Pipeline
from rq import Queue, Worker
from rq.executions import Execution
from rq.job import Job
from rq.worker_pool import WorkerPool
from rq.worker_registration import register
from sqlalchemy.orm import configure_mappers

from dashboard.app import create_app
from dashboard.config import load_config
from dashboard.extensions import db
from jobs.runtime import QUEUES

# An idle worker says that it lives a little more often than this. RQ's seven minutes would count a
# killed one among the living for as long.
SIGN_OF_LIFE_SECONDS = 30
# What a worker that was killed had taken is given up by the others this often; RQ's ten minutes
# leave its mark standing for as long.
MAINTENANCE_SECONDS = 60


class DashboardWorker(Worker):
    """An RQ worker that runs each job inside the application's context."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("worker_ttl", SIGN_OF_LIFE_SECONDS)
        kwargs.setdefault("maintenance_interval", MAINTENANCE_SECONDS)
        super().__init__(*args, **kwargs)
        # Made before any job is forked, so that each fork inherits the loaded code and the mappers
        # (a third of what a short job took), and collecting garbage does not copy all of it.
        self.app = create_app()
        configure_mappers()
        gc.collect()
        gc.freeze()

    def work(self, *args: Any, **kwargs: Any) -> bool:
        """Work as the pool says, but without RQ's own scheduler: the clock is another process."""
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

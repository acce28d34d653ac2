"""Jobs and workers of tests, and how they age."""

from datetime import timedelta

from redis import Redis
from rq.utils import utcformat

from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.organizations.models import Organization
from jobs.single import SingleWorker


def rename(organization_id: int) -> None:
    """Change one organization, or fail on one that does not exist."""
    database.session.get_one(Organization, organization_id).name = "Changed"


WORKER = "rq:worker:one"


def age(redis: Redis, job_id: str, seconds: int) -> None:
    """Let a job have been queued so long ago."""
    at = utcformat(utc_now() - timedelta(seconds=seconds))
    redis.hset(f"rq:job:{job_id}", "enqueued_at", at)


def work_off(worker: SingleWorker) -> None:
    """Let the worker do what waits, under a name that is not taken."""
    worker.register_death()
    worker.work(burst=True)

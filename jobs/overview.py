"""The work behind the pages one by one: who works, what failed, what the clock does next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from redis import Redis
from rq import Worker
from rq.exceptions import NoSuchJobError
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer
from rq.utils import as_text
from rq_scheduler import Scheduler

from dashboard.clock import utc_now
from dashboard.errors import Conflict, NotFound
from dashboard.text import shown
from jobs.declared import TASKS, UNREADABLE, DeclaredJob, instant_of, load_tasks
from jobs.health import Health, read_health
from jobs.queues import QUEUES
from jobs.ticks import PREFIX

MOST_WORKERS = 100
MOST_FAILED = 50
MOST_OF_A_SENTENCE = 300


@dataclass(frozen=True, slots=True)
class Work:
    """A worker: what it does and since when, or since when it is there; when it was heard of."""

    name: str
    task: str | None
    since: datetime | None
    heard: datetime


@dataclass(frozen=True, slots=True)
class Failure:
    """A job that failed, for so many rows; `may_retry` where it is a task of this release."""

    id: str
    task: str
    rows: int
    queue: str
    at: datetime | None
    error: str
    may_retry: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that goes on, as Redis has it; `failed_in_all` counts beyond those listed."""

    health: Health
    workers: list[Work]
    failures: list[Failure]
    failed_in_all: int
    # In how many seconds the clock does each entry again, by its name.
    due: Mapping[str, float]


def read_overview(redis: Redis) -> Overview:
    """Return who works, what failed and what is due; raises `RedisError` without Redis."""
    load_tasks()
    failures, number = failed(redis)
    return Overview(read_health(redis), workers(redis), failures, number, due(redis))


def workers(redis: Redis) -> list[Work]:
    """Return the workers that live, by name; at most a hundred."""
    keys = sorted(Worker.all_keys(connection=redis))[:MOST_WORKERS]
    pipe = redis.pipeline(transaction=False)
    for key in keys:
        pipe.hmget(key, "current_job", "last_heartbeat", "birth")
    found = []
    for key, (job_id, heard, birth) in zip(keys, pipe.execute(), strict=True):
        # What is known of a worker is forgotten when it gives no sign of life.
        if (at := instant_of(heard)) is not None:
            name = shown(key.removeprefix(Worker.redis_worker_namespace_prefix), most=80)
            job = _fetched(redis, as_text(job_id)) if job_id else None
            task, since = (job.func_name, job.started_at) if job else (None, instant_of(birth))
            found.append(Work(name, task, since, at))
    return found


def failed(redis: Redis) -> tuple[list[Failure], int]:
    """Return the jobs that failed last, of all queues, and how many there are in all."""
    registries = [_failed_of(redis, queue) for queue in QUEUES]
    newest = [
        job_id
        for one in registries
        for job_id in one.get_job_ids(0, MOST_FAILED - 1, desc=True, cleanup=False)
    ]
    found = [failure for job_id in newest if (failure := _failure(redis, job_id))]
    beginning = datetime.min.replace(tzinfo=utc_now().tzinfo)
    found.sort(key=lambda one: one.at or beginning, reverse=True)
    return found[:MOST_FAILED], sum(redis.zcard(one.key) for one in registries)


def due(redis: Redis) -> dict[str, float]:
    """Return in how many seconds each entry of the clock is due again."""
    now = utc_now().timestamp()
    held = cast(
        list[tuple[bytes, float]],
        redis.zrange(Scheduler.scheduled_jobs_key, 0, -1, withscores=True),
    )
    named = ((as_text(job_id), at) for job_id, at in held)
    return {
        one.removeprefix(PREFIX).rpartition("-")[0]: at - now
        for one, at in named
        if one.startswith(PREFIX)
    }


def retry(redis: Redis, job_id: str) -> Failure:
    """Queue what failed once more and take it off the list; raises `NotFound`, `Conflict`.

    It is queued as if it were asked for just now: where it waits already, by the sweep or another
    click, that is one job and not two.
    """
    load_tasks()
    job = _fetched(redis, job_id)
    failure = _failure(redis, job_id)
    if job is None or failure is None:
        raise _gone()
    if not failure.may_retry:
        raise Conflict(
            "This release has no task with that name and these arguments. Nothing was queued. "
            "Remove the job from the list."
        )
    _forget(redis, failure)
    TASKS[failure.task].push(job.args)
    return failure


def take_off(redis: Redis, job_id: str) -> Failure:
    """Take what failed off the list; raises `NotFound` where another was quicker."""
    load_tasks()
    failure = _failure(redis, job_id)
    if failure is None:
        raise _gone()
    _forget(redis, failure)
    return failure


def _forget(redis: Redis, failure: Failure) -> None:
    if not redis.zrem(_failed_of(redis, failure.queue).key, failure.id):
        raise _gone()


def _gone() -> NotFound:
    return NotFound(
        "That job is not in the list: it was retried or removed, or is older than seven days. "
        "Nothing was changed. Reload the list."
    )


def _failed_of(redis: Redis, queue: str) -> FailedJobRegistry:
    return FailedJobRegistry(
        queue, connection=redis, job_class=DeclaredJob, serializer=JSONSerializer
    )


def _failure(redis: Redis, job_id: str) -> Failure | None:
    job = _fetched(redis, job_id)
    if job is None:
        return None
    task = job.func_name or UNREADABLE
    return Failure(
        job.id,
        task,
        len(job.args),
        job.origin if job.origin in QUEUES else QUEUES[-1],
        job.ended_at,
        _error_of(job),
        may_retry=job.refusal is None and task in TASKS,
    )


def _fetched(redis: Redis, job_id: str) -> DeclaredJob | None:
    try:
        return DeclaredJob.fetch(job_id, connection=redis)
    except NoSuchJobError:
        return None


def _error_of(job: DeclaredJob) -> str:
    """Return the last line of what it failed with: the kind of error and its sentence."""
    try:
        result = job.latest_result()
    except Exception:  # whoever writes to Redis may have written anything there
        return "Its error cannot be read."
    lines = (result.exc_string or "").strip().splitlines() if result else []
    return shown(lines[-1], most=MOST_OF_A_SENTENCE) if lines else "Its error was not kept."

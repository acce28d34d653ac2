"""What waits already: a mark in Redis that names the job a task waits with.

A mark holds for as long as that job is queued or runs. So nobody has to guess how long a job may
wait, and what a killed worker or a crash between two commands leaves behind holds up nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from redis import Redis
from rq.job import Job
from rq.utils import as_text

from dashboard.clock import utc_now
from jobs.declared import instant_of
from jobs.queues import key_of

# Only so that Redis forgets them in the end: a mark without its job holds nothing.
KEPT_SECONDS = 7 * 86400
# A worker tells every thirty seconds that its job still runs.
SILENCE = timedelta(seconds=100)
# RQ takes a job from its queue before it notes that it runs: a worker killed between the two leaves
# one that says it is queued and is nowhere.
TAKING = timedelta(seconds=60)


def take(redis: Redis, mark: str, job_id: str) -> bool:
    """Let `mark` name the job that is about to be queued; False when one waits already."""
    is_new = bool(redis.set(mark, job_id, nx=True, ex=KEPT_SECONDS))
    if is_new or not free(redis, [mark]):
        return is_new
    put(redis, [mark], job_id)
    return True


def put(redis: Redis, marks: Iterable[str], job_id: str) -> None:
    """Let each of `marks` name that job, whatever it named before."""
    pipe = redis.pipeline(transaction=False)
    for mark in marks:
        pipe.set(mark, job_id, ex=KEPT_SECONDS)
    pipe.execute()


def free(redis: Redis, marks: Sequence[str]) -> list[str]:
    """Return those of `marks` that name no job which waits or runs, in their order."""
    if not marks:
        return []
    named = [as_text(found) if found else None for found in redis.mget(marks)]
    waiting = alive(redis, {one for one in named if one is not None})
    return [mark for mark, one in zip(marks, named, strict=True) if one not in waiting]


def alive(redis: Redis, job_ids: set[str]) -> set[str]:
    """Return those jobs that wait in their queue, or whose worker gave a sign of life of late."""
    pipe = redis.pipeline(transaction=False)
    for job_id in (asked := sorted(job_ids)):
        pipe.hmget(Job.key_for(job_id), "status", "last_heartbeat", "enqueued_at", "origin")
    found = dict(zip(asked, pipe.execute(), strict=True))
    runs = {one for one, (status, heard, *_) in found.items() if is_running(status, heard)}
    queued = {one: rest for one, (status, _, *rest) in found.items() if status == b"queued"}
    late = {one: origin for one, (queued_at, origin) in queued.items() if not is_recent(queued_at)}
    return runs | (queued.keys() - late.keys()) | in_queues(redis, late)


def is_running(status: bytes | None, heard: bytes | None) -> bool:
    """Whether a job of that status, whose worker was last heard of then, still has an end ahead."""
    return status == b"started" and heard is not None and not is_past(heard, SILENCE)


def is_recent(queued_at: bytes | None) -> bool:
    """Whether a job queued then may just have been taken, and its worker not have said so yet."""
    return bool(queued_at) and not is_past(queued_at or b"", TAKING)


def is_past(instant: bytes, patience: timedelta) -> bool:
    """Whether an instant, as RQ writes it, lies longer ago than that; what is none does."""
    at = instant_of(instant)
    return at is None or utc_now() - at >= patience


def in_queues(redis: Redis, origin_of: Mapping[str, bytes]) -> set[str]:
    """Return those jobs that are in the queue they were put in; each queue is read once."""
    origins = sorted(set(origin_of.values()))
    pipe = redis.pipeline(transaction=False)
    for origin in origins:
        pipe.lrange(key_of(as_text(origin)), 0, -1)
    waiting = {as_text(one) for ids in pipe.execute() for one in ids}
    return origin_of.keys() & waiting

"""Does the work go on: the clock's last ticks, the jobs that wait longest, the living workers."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Worker
from rq.job import Job

from dashboard.clock import utc_now
from jobs import ticks
from jobs.declared import instant_of
from jobs.queues import QUEUES, queue_named
from jobs.ticks import Tick

# Somebody waits for the first three; the work of a large close may fill the others for minutes.
MOST_SECONDS = dict.fromkeys(QUEUES, 600) | {"webhooks": 120, "interactive": 120, "mail": 120}
# The rest of a batch goes to the front, so the oldest need not be the very first.
LOOKED_AT = 50
log = structlog.get_logger("jobs.health")


class Garbled(RedisError):
    """Redis answers with what is none of ours."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The jobs that wait in a queue, and for how many seconds the oldest of them has."""

    queue: str
    jobs: int
    oldest_seconds: float

    @property
    def is_late(self) -> bool:
        """Whether one waits for so long that somebody has to look."""
        return self.oldest_seconds > MOST_SECONDS[self.queue]


@dataclass(frozen=True, slots=True)
class Health:
    """What goes on behind the pages."""

    ticks: list[Tick]
    queues: list[Waiting]
    workers: int

    @property
    def late_ticks(self) -> list[Tick]:
        """The entries of the clock that did not come."""
        return [one for one in self.ticks if one.is_late]

    @property
    def late_queues(self) -> list[Waiting]:
        """The queues in which a job waits for too long."""
        return [one for one in self.queues if one.is_late]

    @property
    def clock_state(self) -> str:
        """`ok`, or which entries of the clock did not come."""
        if not self.ticks:
            return "has never run on this Redis"
        return "; ".join(f"{one.name} {_since(one)}" for one in self.late_ticks) or "ok"

    @property
    def worker_state(self) -> str:
        """`ok`, or that there is none."""
        return "ok" if self.workers else "none is running"

    @property
    def queue_state(self) -> str:
        """`ok`, or in which queues a job waits for too long."""
        late = (
            f"a job in {one.queue} has waited {one.oldest_seconds:.0f} s"
            for one in self.late_queues
        )
        return "; ".join(late) or "ok"

    @property
    def is_well(self) -> bool:
        """Whether clock, workers and queues are as they should be."""
        return {self.clock_state, self.worker_state, self.queue_state} == {"ok"}


def read_health(redis: Redis) -> Health:
    """Return the state of clock, queues and workers; raises `RedisError` without Redis.

    Raises `Garbled`, which is one, where something else has written what we read: of that nobody
    can say anything, and pages are served nevertheless.
    """
    try:
        waiting = [waiting_in(redis, name) for name in QUEUES]
        return Health(ticks.read(redis), waiting, workers(redis))
    except (ValueError, OverflowError) as error:
        log.error("redis_garbled", reason=repr(error)[:200])
        raise Garbled("Redis holds data under our names that we did not write.") from error


def waiting_in(redis: Redis, name: str) -> Waiting:
    """Return what waits in the queue of that name."""
    queue = queue_named(name, redis)
    pipe = redis.pipeline(transaction=False)
    for job_id in queue.get_job_ids(0, LOOKED_AT):
        pipe.hget(Job.key_for(job_id), "enqueued_at")
    since = [at for written in pipe.execute() if (at := instant_of(written))]
    oldest = (utc_now() - min(since)).total_seconds() if since else 0.0
    return Waiting(name, queue.count, max(oldest, 0.0))


def workers(redis: Redis) -> int:
    """Return how many workers gave a sign of life within the last minute and a half."""
    keys = Worker.all_keys(connection=redis)
    return int(redis.exists(*keys)) if keys else 0


def _since(tick: Tick) -> str:
    if tick.age_seconds is None:
        return "has never run"
    return f"has not run for {tick.age_seconds:.0f} s"

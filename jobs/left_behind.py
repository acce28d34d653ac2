"""What waits in the queues of releases that pickled their jobs: taken over, never unpickled.

Their workers do it as long as they run. Most of what remains then the clock would find by its rows;
not so the replay of an event, which a person asked for and no row tells.
"""

from __future__ import annotations

import re
from typing import cast

import structlog
from redis import Redis
from rq import Queue

from jobs.declared import TASKS
from jobs.queues import QUEUES

MOST = 1000
# RQ keeps in plain text how a job would be called, for people to read: a path and its numbers.
CALL = re.compile(r"(jobs\.\w+\.\w+)\(((?:\d{1,19}(?:, (?=\d))?)*)\)", re.ASCII)
log = structlog.get_logger("jobs.left_behind")


def take_over(redis: Redis) -> int:
    """Move what waits in the old queues into those of today; return how many jobs.

    What is no task of ours stays where it is: nothing here runs it, and it may be somebody else's.
    """
    moved = 0
    for name in QUEUES:
        old = Queue.redis_queue_namespace_prefix + name
        for job_id in cast("list[bytes]", redis.lrange(old, 0, MOST - 1)):
            moved += move(redis, name, job_id.decode(errors="replace"))
    if moved:
        log.info("taken_over", jobs=moved)
    return moved


def move(redis: Redis, queue: str, job_id: str) -> bool:
    """Queue the task that a job is described as, under the same id; False if it is none."""
    description = cast(bytes, redis.hget(f"rq:job:{job_id}", "description") or b"")
    call = CALL.fullmatch(description.decode(errors="replace"))
    task = TASKS.get(call.group(1)) if call else None
    if call is None or task is None:
        return False
    # An old worker may take it at this moment; then it is not there any more.
    if not redis.lrem(Queue.redis_queue_namespace_prefix + queue, 1, job_id):
        return False
    ids = [int(one) for one in call.group(2).split(", ") if one]
    task.put(redis, job_id, ids, queue)
    return True

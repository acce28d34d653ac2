"""The queues of tasks, by urgency, and what lies in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import structlog
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from jobs.declared import DeclaredJob

log = structlog.get_logger("jobs.queues")
# A worker takes from the first queue that has anything, and a batch gives way to it.
QUEUES = ("interactive", "webhooks", "mail", "closing", "scheduled", "maintenance")


class TaskQueue(Queue):
    """A queue of declared tasks.

    Under a key of its own: workers of releases that pickled their jobs would die of one in JSON.
    """

    redis_queue_namespace_prefix = "rq:tasks:"
    job_class = DeclaredJob

    @classmethod
    def dequeue_any(cls, queues: Iterable[Queue], *arguments: Any, **how: Any) -> Any:
        """Return the next job and its queue; what is not even a name of one is dropped.

        RQ ends the worker over it, and the next one, for as long as it lies there.
        """
        every = list(queues)
        while True:
            try:
                return super().dequeue_any(every, *arguments, **how)
            except UnicodeDecodeError:
                drop_unreadable(every)


def drop_unreadable(queues: Iterable[Queue]) -> None:
    """Take off these queues, and off what is being taken from them, ids that are no text."""
    for queue in queues:
        for key in (queue.key, queue.intermediate_queue_key):
            for job_id in cast("list[bytes]", queue.connection.lrange(key, 0, -1)):
                if not is_text(job_id):
                    queue.connection.lrem(key, 0, cast(str, job_id))
                    log.error("foreign_job_refused", job_id=repr(job_id)[:80], queue=queue.name)


def is_text(raw: bytes) -> bool:
    """Whether these bytes are letters."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def queue_named(name: str, redis: Redis) -> TaskQueue:
    """Return the queue of that name."""
    return TaskQueue(name, connection=redis, serializer=JSONSerializer)


def key_of(name: str) -> str:
    """Return where in Redis the ids of the jobs of that queue are."""
    return TaskQueue.redis_queue_namespace_prefix + name

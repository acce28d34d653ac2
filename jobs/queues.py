"""The queues of tasks, by urgency, and what lies in them."""

from __future__ import annotations

from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from jobs.declared import DeclaredJob

# A worker takes from the first queue that has anything, and a batch gives way to it.
QUEUES = ("interactive", "webhooks", "mail", "closing", "scheduled", "maintenance")


class TaskQueue(Queue):
    """A queue of declared tasks.

    Under a key of its own: workers of releases that pickled their jobs would die of one in JSON.
    """

    redis_queue_namespace_prefix = "rq:tasks:"
    job_class = DeclaredJob


def queue_named(name: str, redis: Redis) -> TaskQueue:
    """Return the queue of that name."""
    return TaskQueue(name, connection=redis, serializer=JSONSerializer)


def key_of(name: str) -> str:
    """Return where in Redis the ids of the jobs of that queue are."""
    return TaskQueue.redis_queue_namespace_prefix + name

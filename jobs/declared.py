"""What a worker takes for a job: the name of a declared task and numbers, as JSON; nothing else.

RQ would unpickle what it finds in Redis, import what is named there and call it: who writes to
Redis then runs code as the worker. Here only these are ever read of a job, and none of it is run:
a name that is not declared, or arguments that are no numbers, make it an undeclared job, which
fails and is kept, and nothing happens. See docs/decisions/declared-jobs.md.
"""

from __future__ import annotations

import pkgutil
import zlib
from collections.abc import Mapping
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

import structlog
from redis import Redis
from redis.exceptions import ResponseError
from rq.exceptions import NoSuchJobError
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.utils import as_text, utcparse

import jobs
from dashboard.text import shown

if TYPE_CHECKING:
    from jobs.runtime import Task

# What is read of a job; where it wants to be called back, fetched or repeated is not, and how long
# it may run is said by its task.
READ = frozenset({
    b"data", b"created_at", b"enqueued_at", b"started_at", b"ended_at", b"last_heartbeat",
    b"description", b"origin", b"worker_name", b"status",
})  # fmt: skip
# A batch names three hundred rows.
MOST_BYTES = 64 * 1024
MOST_IDS = 10_000
KEPT_SECONDS = 7 * 86400
# An undeclared job has this long to be refused in.
SHORTEST_SECONDS = 60
UNREADABLE = "unreadable"
log = structlog.get_logger("jobs.declared")


# Every task by its path; `jobs.runtime.job` fills it.
TASKS: dict[str, Task[...]] = {}


class UndeclaredJob(Exception):
    """A job that nothing here has queued; it was not run."""


def load_tasks() -> None:
    """Import every module of tasks, so that all of them are declared."""
    for module in pkgutil.iter_modules(jobs.__path__):
        import_module(f"{jobs.__name__}.{module.name}")


class DeclaredJob(Job):
    """A job that can only be a declared task; whatever is asked, it is read as JSON."""

    def __init__(
        self,
        id: str | None = None,
        connection: Redis | None = None,
        serializer: object = None,  # noqa: ARG002  RQ passes one; it is not asked
    ) -> None:
        super().__init__(id, connection, JSONSerializer)
        self.refusal: str | None = None

    @classmethod
    def fetch(
        cls,
        id: str,
        connection: Redis | None = None,
        serializer: object = None,  # noqa: ARG003  the same
    ) -> DeclaredJob:
        """Return the job with that id; what is none, by its name or its kind, is not there."""
        try:
            return cast(DeclaredJob, super().fetch(id, connection))
        except (ValueError, ResponseError) as error:
            if isinstance(error, ResponseError) and not str(error).startswith("WRONGTYPE"):
                raise
            raise NoSuchJobError(f"{shown(id, most=80)} is not a job") from error

    def restore(self, raw_data: Mapping[bytes, bytes]) -> None:
        """Read what Redis holds of it; what cannot be read makes it an undeclared job."""
        if b"data" not in raw_data:
            raise NoSuchJobError(f"{self.id} is not a job")
        known = {name: raw_data[name] for name in READ & raw_data.keys()}
        known[b"data"] = inflated(known[b"data"])
        known[b"description"] = known.get(b"description", b"")[:200]
        try:
            super().restore(known)
        except Exception:  # a time, a status or a text that is none
            super().restore({b"data": b"", b"description": b"unreadable"})
        self.failure_ttl, self.result_ttl = KEPT_SECONDS, 0
        task = TASKS.get(self.func_name or "")
        self.timeout = task.timeout if task else SHORTEST_SECONDS

    def _deserialize_data(self) -> None:
        """Read name and numbers, and why it is undeclared; of one of those no more is kept."""
        self._instance, self._kwargs = None, {}
        self._func_name, self._args, self.refusal = UNREADABLE, (), None
        try:
            name, instance, ids, named = self.serializer.loads(self.data)
        except Exception:  # no JSON, too deep, or not these four
            self.refusal = f"it is not JSON of ours: {self.data[:40]!r}"
            return
        self._func_name = shown(str(name), most=80)
        if instance is not None or named or not are_ids(ids):
            self.refusal = "its arguments are not plain numbers"
            return
        self._args = tuple(ids)
        # A name may also be a list, which no dictionary can be asked for.
        if not isinstance(name, str) or name not in TASKS:
            self.refusal = f"{self._func_name} is not a declared task"

    def _execute(self) -> None:
        """Run the task; raises `UndeclaredJob`."""
        name, ids = self.func_name, self.args
        if self.refusal is not None or name is None:
            log.error("foreign_job_refused", job_id=self.id, queue=self.origin, why=self.refusal)
            raise UndeclaredJob(f"This job was not run: {self.refusal}.")
        TASKS[name](*ids)


def instant_of(written: bytes | None) -> datetime | None:
    """Return an instant as RQ writes it; None for what is none."""
    try:
        return utcparse(as_text(written)) if written else None
    except ValueError:
        return None


def are_ids(value: Any) -> bool:
    """Whether these are numbers, as every task takes."""
    return (
        isinstance(value, list)
        and len(value) <= MOST_IDS
        and all(type(one) is int for one in value)
    )


def inflated(data: bytes) -> bytes:
    """Return what RQ has compressed, or what it has not; nothing where that is too much."""
    reader = zlib.decompressobj()
    try:
        whole = reader.decompress(data, MOST_BYTES)
    except zlib.error:
        whole = data
    return whole if len(whole) <= MOST_BYTES and not reader.unconsumed_tail else b""

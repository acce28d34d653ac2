"""The clock's table, declared once and reconciled with what Redis holds."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from rq_scheduler import Scheduler

from dashboard.clock import utc_now
from jobs import cycles, inbox, syncs, upkeep
from jobs.runtime import Task

log = structlog.get_logger("jobs.schedule")
PREFIX = "schedule-"


@dataclass(frozen=True, slots=True)
class Entry:
    """A task that takes no arguments, every so many seconds.

    It goes to the front of its queue: what hands out work must not wait behind what was handed out,
    or the workers stand still between the last of it and the next.
    """

    task: Task[[]]
    every_seconds: int

    @property
    def id(self) -> str:
        """A name that changes with the definition, so that a changed entry is a new one."""
        definition = (
            f"{self.task.path}|{self.every_seconds}|{self.task.queue}|{self.task.timeout}|front"
        )
        digest = hashlib.sha256(definition.encode()).hexdigest()[:12]
        return f"{PREFIX}{self.task.__name__}-{digest}"


TABLE = (
    Entry(syncs.sync_due, 10),
    Entry(syncs.sweep_runs, 15),
    Entry(cycles.roll_due, 5),
    Entry(cycles.seal_due, 5),
    Entry(cycles.finalize_due, 5),
    Entry(inbox.sweep_events, 15),
    Entry(inbox.backfill_events, 3600),
    Entry(upkeep.make_partitions, 3600),
)


def reconcile(scheduler: Scheduler, table: tuple[Entry, ...] = TABLE) -> tuple[int, int]:
    """Make Redis hold exactly `table`; return how many entries were cancelled and added.

    Other people's scheduled jobs are left alone. Safe to repeat, and for two schedulers at once:
    an entry has one id, and each task finds by itself what is still to be done.
    """
    held = {job.id for job in scheduler.get_jobs() if job.id.startswith(PREFIX)}
    wanted = {entry.id: entry for entry in table}
    gone = held - wanted.keys()
    for job_id in gone:
        scheduler.cancel(job_id)
    missing = [entry for job_id, entry in wanted.items() if job_id not in held]
    for entry in missing:
        add(scheduler, entry)
    if gone or missing:
        log.info("schedule_reconciled", cancelled=len(gone), added=len(missing))
    return len(gone), len(missing)


def add(scheduler: Scheduler, entry: Entry) -> Any:
    """Schedule one entry, for the first time after its first interval (at most a minute)."""
    return scheduler.schedule(
        scheduled_time=utc_now() + timedelta(seconds=min(entry.every_seconds, 60)),
        func=entry.task.path,
        interval=entry.every_seconds,
        repeat=None,
        # The job's hash must outlive the interval, or the entry would silently end after one run.
        result_ttl=-1,
        timeout=entry.task.timeout,
        queue_name=entry.task.queue,
        at_front=True,
        id=entry.id,
    )

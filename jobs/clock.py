"""The clock: what is due of the schedule is done, or queued for the workers, each second."""

from __future__ import annotations

import signal
import time
from collections.abc import Container
from datetime import timedelta
from time import monotonic
from typing import Any

import structlog
from flask import Flask
from redis.exceptions import RedisError
from rq.timeouts import JobTimeoutException, UnixSignalDeathPenalty
from rq.utils import as_text
from rq_scheduler import Scheduler

from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.text import shown
from jobs import ticks
from jobs.declared import DeclaredJob
from jobs.left_behind import take_over
from jobs.queues import TaskQueue
from jobs.schedule import TABLE, Entry, missing, reconcile

POLL_SECONDS = 1
# What other releases left behind is looked for this often; what is missing, at every poll.
TIDY_SECONDS = 60
log = structlog.get_logger("jobs.clock")


class Clock(Scheduler):  # type: ignore[misc]  # the library has no types
    """rq-scheduler that keeps the declared table, and hands out what is due by itself.

    An entry that hands out never becomes a job: nothing piles up while no worker runs, and nothing
    stands before the work. One that fails is logged and due again. What anybody else has put into
    the schedule is refused.
    """

    def __init__(self, app: Flask, table: tuple[Entry, ...] = TABLE, **options: Any) -> None:
        kinds = {"job_class": DeclaredJob, "queue_class": TaskQueue}
        redis = app.extensions["redis"]
        super().__init__(connection=redis, interval=POLL_SECONDS, **kinds, **options)
        self.app = app
        self.table = table
        self.by_id = {entry.id: entry for entry in table}
        self.tidied_at = float("-inf")
        self.is_stopping = False

    def enqueue_jobs(self) -> None:
        """Do what is due, after a look whether everything declared is there."""
        is_tidy = monotonic() - self.tidied_at < TIDY_SECONDS
        if not is_tidy or missing(self, self.table, now=utc_now()):
            reconcile(self, self.table)
            take_over(self.connection)
            self.tidied_at = monotonic()
        due = self.connection.zrange(
            self.scheduled_jobs_key, "-inf", utc_now().timestamp(), byscore=True
        )
        paused = self.paused() if due else ()
        for job_id in map(as_text, due):
            self.do_due(job_id, paused)

    def paused(self) -> Container[str]:
        """Return the entries that are paused; none where nobody can read which."""
        try:
            return ticks.paused(self.connection)
        except ValueError as error:
            log.error("redis_garbled", reason=repr(error)[:200])
            return ()

    def do_due(self, job_id: str, paused: Container[str] = ()) -> None:
        """Do one entry that is due; what this table does not declare is taken off, and not done.

        What Redis holds of the entry is not even read: it is the id that counts. One that is
        `paused` has its next time, and is left out.
        """
        entry = self.by_id.get(job_id)
        if entry is None:
            self.cancel(job_id)
            log.error("foreign_job_refused", job_id=shown(job_id, most=80), queue="schedule")
            return
        # First, so that a crash in the midst of it loses no entry.
        again = utc_now() + timedelta(seconds=entry.every_seconds)
        self.connection.zadd(self.scheduled_jobs_key, {job_id: again.timestamp()})
        if entry.task.__name__ in paused:
            return
        with self.app.app_context():
            if entry.hands_out:
                self.hand_out(entry)
            else:
                entry.task.push(())

    def hand_out(self, entry: Entry) -> None:
        """Run the entry's task here, for no longer than a worker would."""
        began = monotonic()
        try:
            with UnixSignalDeathPenalty(entry.task.timeout, JobTimeoutException):  # type: ignore[no-untyped-call]
                entry.task()
        except RedisError:
            raise
        except Exception:  # the database may be away: the clock goes on, and so will this entry
            log.exception("tick_failed", task=entry.task.path)
            # A connection that was cut off in the midst of an answer must not be used again.
            db.session().invalidate()
        else:
            ticks.note(self.connection, entry.task.__name__, monotonic() - began)

    def _install_signal_handlers(self) -> None:
        def stop(_number: int, _frame: object) -> None:
            self.is_stopping = True
            raise SystemExit

        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGTERM, stop)


def run(app: Flask) -> None:
    """Run until told to stop, through every outage of Redis."""
    while True:
        clock = Clock(app)
        try:
            clock.run()
        except RedisError as error:
            # Told to stop while Redis is away: it could not say goodbye, that is all.
            if clock.is_stopping:
                return
            log.warning("redis_unreachable", error=type(error).__name__)
            time.sleep(POLL_SECONDS)

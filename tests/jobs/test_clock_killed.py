"""Clocks that are killed, doubled, or told another hour: what is due is done, once, and soon."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from redis import Redis
from rq_scheduler import Scheduler
from sqlalchemy import create_engine, text

from dashboard.clock import utc_now
from dashboard.transaction import transaction
from jobs import ticks
from jobs.clock import Clock
from jobs.declared import DeclaredJob
from jobs.queues import queue_named
from jobs.schedule import TABLE
from tests.support.billing import make_bill
from tests.support.environment import ROOT, child_environment
from tests.support.services import Worker

LOCK = Scheduler.scheduler_lock_key
# A process that declares the table and is killed between the two writes of its third entry: the
# job is kept by then, and its time is not.
KILLED_BETWEEN = """
import os, signal
from itertools import count
from redis import Redis
from rq_scheduler import Scheduler
from jobs.schedule import reconcile
numbers, write = count(), Redis.zadd
def zadd(*given, **options):
    if next(numbers) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return write(*given, **options)
Redis.zadd = zadd
reconcile(Scheduler(connection=Redis.from_url(os.environ["REDIS_URL"])))
"""


def due_bill(db: SQLAlchemy) -> None:
    """Have a bill whose period is over."""
    bill = make_bill()
    with transaction():
        bill.period_end = utc_now()
    db.session.remove()


def closes(redis: Redis) -> list[tuple[str, tuple[int, ...]]]:
    """Return what waits to be closed."""
    return [(job.func_name, job.args) for job in queue_named("closing", redis).jobs]


def until(is_so: Callable[[], bool], seconds: float = 45) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "It did not come so far."
        time.sleep(0.1)


@contextmanager
def clock_process(services: Worker, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a scheduler as a process of its own; it is killed in the end."""
    environment = child_environment(services.database_url, services.redis_url)
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "dashboard.scheduler"], env=environment, cwd=ROOT, stdout=out,
            stderr=out,
        )  # fmt: skip
        try:
            yield process
        finally:
            process.kill()
            process.wait()


@pytest.mark.fault
def test_of_two_clocks_one_is_killed_in_a_turn_and_the_other_does_its_work_once(
    services: Worker, db: SQLAlchemy, redis: Redis, tmp_path: Path
) -> None:
    due_bill(db)
    somebody = create_engine(db.engine.url)
    with clock_process(services, tmp_path / "one") as first, somebody.begin() as holding:
        # Its turn stands still in the midst of this.
        holding.execute(text("lock table invoices in access exclusive mode"))
        until(lambda: bool(waits_for_invoices(db)))
        with clock_process(services, tmp_path / "two") as second:
            first.send_signal(signal.SIGKILL)
            first.wait()
            assert closes(redis) == []
            assert redis.exists(LOCK)
            holding.rollback()
            # The lock of the dead one is over after eleven seconds.
            until(lambda: bool(closes(redis)))
            # And it had a turn more, in which it would hand it out again.
            found = time.time()
            until(lambda: last_turn(redis) > found)
            assert second.poll() is None
    somebody.dispose()
    [(task, args)] = closes(redis)
    assert (task, len(args)) == ("jobs.cycles.roll_batch", 1)
    assert redis.zcard(Scheduler.scheduled_jobs_key) == len(TABLE)


def last_turn(redis: Redis) -> float:
    """Return when bills whose period is over were last handed out, in seconds since 1970."""
    return float(redis.hget(ticks.LAST, "roll_due") or 0)


def waits_for_invoices(db: SQLAlchemy) -> int:
    """Return how many statements wait for a lock."""
    query = text(
        "select count(*) from pg_stat_activity "
        "where datname = current_database() and wait_event_type = 'Lock'"
    )
    with db.engine.connect() as connection:
        return int(connection.execute(query).scalar_one())


@pytest.mark.fault
def test_an_entry_that_was_lost_between_its_two_writes_is_scheduled_by_the_next_clock(
    services: Worker, app: Flask, db: SQLAlchemy, redis: Redis
) -> None:
    environment = child_environment(services.database_url, services.redis_url)
    killed = subprocess.run([sys.executable, "-c", KILLED_BETWEEN], env=environment, cwd=ROOT)
    assert killed.returncode == -signal.SIGKILL
    scheduled = redis.zrange(Scheduler.scheduled_jobs_key, 0, -1)
    assert len(scheduled) == 2
    lost = TABLE[2].id
    assert lost.encode() not in scheduled
    assert DeclaredJob.exists(lost, connection=redis)
    Clock(app).enqueue_jobs()
    assert redis.zcard(Scheduler.scheduled_jobs_key) == len(TABLE)
    assert redis.zscore(Scheduler.scheduled_jobs_key, lost)


def test_an_entry_whose_job_is_gone_is_done_all_the_same(
    app: Flask, db: SQLAlchemy, redis: Redis
) -> None:
    clock = Clock(app)
    clock.enqueue_jobs()
    due_bill(db)
    [entry] = (one for one in TABLE if one.task.__name__ == "roll_due")
    redis.delete(f"rq:job:{entry.id}")
    redis.zadd(Scheduler.scheduled_jobs_key, {entry.id: utc_now().timestamp() - 1})
    clock.enqueue_jobs()
    assert len(closes(redis)) == 1


def test_a_clock_that_jumps_an_hour_forth_and_back_does_all_once_and_sleeps_through_nothing(
    app: Flask, db: SQLAlchemy, redis: Redis
) -> None:
    clock, now = Clock(app), utc_now()
    clock.enqueue_jobs()
    due_bill(db)
    with time_machine.travel(now + timedelta(hours=1), tick=True):
        clock.enqueue_jobs()
        assert len(closes(redis)) == 1
        jobs = queue_named("maintenance", redis).count
    for _ in range(2):
        clock.enqueue_jobs()
        # Each worker's entry waits already; what was handed out is not handed out again.
        assert len(closes(redis)) == 1
        assert queue_named("maintenance", redis).count == jobs
    latest = max(
        at - utc_now().timestamp() - entry.every_seconds
        for entry in TABLE
        if (at := redis.zscore(Scheduler.scheduled_jobs_key, entry.id)) is not None
    )
    assert latest <= 1
    # None is late, and none was done in a time that has not come.
    told = ticks.read(redis)
    assert [tick.name for tick in told if tick.is_late] == []
    handed = {one.task.__name__ for one in TABLE if one.hands_out}
    assert all(
        tick.age_seconds is not None and tick.age_seconds > -2
        for tick in told
        if tick.name in handed
    )

"""What waits or runs is not queued again; what its worker left behind is."""

from datetime import timedelta

import pytest
from flask_sqlalchemy import SQLAlchemy
from redis import Redis
from rq import Queue
from rq.job import Job, JobStatus
from rq.utils import as_text, utcformat

from dashboard.clock import utc_now
from dashboard.transaction import commit
from jobs.batch import enqueue_each, run_each
from jobs.inbox import backfill_events
from jobs.queues import queue_named
from jobs.runtime import Task
from jobs.schedule import Entry
from jobs.syncs import sync_batch, sync_run
from jobs.upkeep import make_partitions
from tests.support.working_off import rename


@pytest.fixture
def upkeep(db: SQLAlchemy, redis: Redis) -> Queue:
    """The queue of the clock's slow entries, empty."""
    return queue_named("maintenance", redis)


def take(queue: Queue, *, heard_ago: timedelta = timedelta(0)) -> Job:
    """Take the first job as a worker does that was last heard of so long ago."""
    job = Job.fetch(as_text(queue.connection.lpop(queue.key)), connection=queue.connection)
    job.set_status(JobStatus.STARTED)
    heard = utcformat(utc_now() - heard_ago)
    queue.connection.hset(job.key, "last_heartbeat", heard)
    return job


def test_an_entry_that_waits_is_not_queued_again(upkeep: Queue) -> None:
    for _ in range(3):
        make_partitions.push(())
    backfill_events.push(())
    assert [job.func_name for job in upkeep.jobs] == [make_partitions.path, backfill_events.path]


def test_an_entry_that_runs_is_not_queued_again_until_it_has_ended(upkeep: Queue) -> None:
    make_partitions.push(())
    running = take(upkeep)
    make_partitions()
    make_partitions.push(())
    assert upkeep.count == 0
    running.delete()
    make_partitions.push(())
    assert upkeep.count == 1


def test_an_entry_that_failed_is_queued_again(upkeep: Queue) -> None:
    make_partitions.push(())
    take(upkeep).set_status(JobStatus.FAILED)
    make_partitions.push(())
    assert upkeep.count == 1


@pytest.mark.parametrize(("seconds", "again"), [(90, 0), (110, 1)])
def test_what_a_killed_worker_had_taken_is_queued_again_once_it_is_silent(
    upkeep: Queue, seconds: int, again: int
) -> None:
    make_partitions.push(())
    take(upkeep, heard_ago=timedelta(seconds=seconds))
    make_partitions.push(())
    assert upkeep.count == again


@pytest.mark.parametrize(("seconds", "again"), [(50, 0), (70, 1)])
def test_what_was_taken_by_a_worker_that_died_before_it_began_is_queued_again(
    upkeep: Queue, seconds: int, again: int
) -> None:
    """RQ takes a job from its queue first, and only then notes that it runs."""
    make_partitions.push(())
    (taken,) = upkeep.jobs
    upkeep.connection.lpop(upkeep.key)
    queued_at = utcformat(utc_now() - timedelta(seconds=seconds))
    upkeep.connection.hset(taken.key, "enqueued_at", queued_at)
    make_partitions.push(())
    assert upkeep.count == again


def test_what_waits_for_long_in_its_queue_is_not_queued_again(upkeep: Queue) -> None:
    make_partitions.push(())
    (waiting,) = upkeep.jobs
    queued_at = utcformat(utc_now() - timedelta(hours=3))
    upkeep.connection.hset(waiting.key, "enqueued_at", queued_at)
    make_partitions.push(())
    assert upkeep.count == 1


def test_a_mark_whose_job_never_came_to_the_queue_holds_up_nothing(upkeep: Queue) -> None:
    upkeep.connection.set(make_partitions.mark(()), "a job that a crash prevented")
    make_partitions.push(())
    assert upkeep.count == 1


def test_an_ordinary_task_may_be_queued_again_once_it_runs(db: SQLAlchemy, redis: Redis) -> None:
    """What is asked for while it runs may be more than it has read."""
    scheduled = queue_named("scheduled", redis)
    sync_run.push([-1])
    take(scheduled)
    sync_run.push([-1])
    assert scheduled.count == 0
    redis.delete(sync_run.mark([-1]))
    sync_run.push([-1])
    assert scheduled.count == 1


def test_what_waits_in_a_batch_waits_for_as_long_as_the_batch_does(
    db: SQLAlchemy, redis: Redis
) -> None:
    scheduled = queue_named("scheduled", redis)
    enqueue_each(sync_batch, sync_run, [1, 2])
    commit()
    for mark in redis.keys("queued:*"):
        assert redis.ttl(mark) > 86400
    sync_run.push([1])
    assert scheduled.count == 1
    take(scheduled).set_status(JobStatus.FAILED)
    enqueue_each(sync_batch, sync_run, [1, 2])
    commit()
    assert [job.args for job in scheduled.jobs] == [(1, 2)]


def test_what_a_batch_gives_back_waits_with_the_new_job(
    db: SQLAlchemy, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.batch.GIVES_WAY_AFTER_SECONDS", 0)
    each, batch = (Task(rename, queue="scheduled", timeout=5) for _ in range(2))
    scheduled = queue_named("scheduled", redis)
    enqueue_each(batch, each, [1, 2])
    commit()
    taken = take(scheduled)
    sync_run.push([7], queue="closing")
    run_each(batch, each, [1, 2])
    taken.delete()
    enqueue_each(batch, each, [1, 2, 3])
    commit()
    assert [job.args for job in scheduled.jobs] == [(1, 2), (3,)]


def test_an_entry_that_could_pile_up_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="rename would pile up"):
        Entry(Task(rename, queue="scheduled", timeout=5), 5)

"""Who works, what failed and what is due: read from Redis, whatever stands in it."""

import zlib
from datetime import timedelta

import pytest
from flask_sqlalchemy import SQLAlchemy
from redis import Redis
from rq.utils import utcformat

from dashboard.clock import utc_now
from dashboard.errors import Conflict, NotFound
from jobs import inbox
from jobs.overview import MOST_FAILED, read_overview, retry, take_off
from jobs.queues import queue_named
from jobs.schedule import TABLE
from tests.support.working_off import work_off


@pytest.fixture(autouse=True)
def nothing_failed(db: SQLAlchemy, redis: Redis) -> None:
    """A database and a Redis with nothing in them."""


def fail(redis: Redis, worker: object, monkeypatch: pytest.MonkeyPatch, number: int = 7) -> str:
    """Let a job fail; return its id."""

    def break_down(*_: object, **__: object) -> None:
        raise RuntimeError("The machine is on fire.")

    with monkeypatch.context() as patch:
        patch.setattr(inbox, "_process", break_down)
        inbox.process_event.push((number,))
        work_off(worker)
    ids = redis.zrange("rq:failed:webhooks", 0, -1)
    return ids[-1].decode()


def test_where_nothing_failed_and_nobody_works_the_lists_are_empty(redis: Redis) -> None:
    overview = read_overview(redis)
    assert (overview.workers, overview.failures, overview.failed_in_all) == ([], [], 0)


def test_a_worker_is_listed_with_what_it_does_until_it_is_silent(redis: Redis) -> None:
    now = utcformat(utc_now())
    data = zlib.compress(b'["jobs.inbox.drain_inbox", null, [], {}]')
    redis.hset("rq:job:one", mapping={"data": data, "started_at": now, "created_at": now})
    redis.sadd("rq:workers", "rq:worker:busy", "rq:worker:idle", "rq:worker:gone")
    heard = {"last_heartbeat": now, "birth": now}
    redis.hset("rq:worker:busy", mapping=heard | {"current_job": "one"})
    redis.hset("rq:worker:idle", mapping=heard)
    found = read_overview(redis).workers
    assert [(one.name, one.task) for one in found] == [
        ("busy", "jobs.inbox.drain_inbox"),
        ("idle", None),
    ]


def test_what_failed_is_listed_with_its_last_words(
    redis: Redis, worker: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(redis, worker, monkeypatch)
    overview = read_overview(redis)
    (found,) = overview.failures
    assert (found.task, found.rows, found.queue) == ("jobs.inbox.process_event", 1, "webhooks")
    assert found.error == "RuntimeError: The machine is on fire."
    assert found.may_retry
    assert found.at is not None
    assert utc_now() - found.at < timedelta(minutes=1)


def test_a_retry_queues_it_once_and_takes_it_off_the_list(
    redis: Redis, worker: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = fail(redis, worker, monkeypatch)
    retry(redis, job_id)
    assert queue_named("webhooks", redis).count == 1
    assert read_overview(redis).failures == []
    with pytest.raises(NotFound, match="Nothing was changed"):
        retry(redis, job_id)
    assert queue_named("webhooks", redis).count == 1


def test_a_retry_of_what_waits_already_queues_nothing_more(
    redis: Redis, worker: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = fail(redis, worker, monkeypatch)
    inbox.process_event.push((7,))
    retry(redis, job_id)
    assert queue_named("webhooks", redis).count == 1


def test_what_is_taken_off_is_not_run(
    redis: Redis, worker: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_off(redis, fail(redis, worker, monkeypatch))
    assert read_overview(redis).failed_in_all == queue_named("webhooks", redis).count == 0


def test_what_is_no_job_of_ours_is_shown_and_never_queued(redis: Redis) -> None:
    redis.hset("rq:job:foreign", mapping={"data": b"no job", "origin": "closing"})
    redis.zadd("rq:failed:closing", {"foreign": utc_now().timestamp() + 60, "vanished": 1})
    redis.set("rq:results:foreign", "no stream")
    overview = read_overview(redis)
    (found,) = overview.failures
    assert (found.task, found.may_retry) == ("unreadable", False)
    assert "cannot be read" in found.error
    with pytest.raises(Conflict, match="Nothing was queued"):
        retry(redis, "foreign")
    take_off(redis, "foreign")
    assert read_overview(redis).failures == []


def test_of_very_many_that_failed_the_last_are_listed(redis: Redis) -> None:
    for number in range(MOST_FAILED + 5):
        redis.hset(f"rq:job:j{number}", mapping={"data": b"no job", "origin": "mail"})
        redis.zadd("rq:failed:mail", {f"j{number}": utc_now().timestamp() + 60 + number})
    overview = read_overview(redis)
    assert len(overview.failures) == MOST_FAILED
    assert overview.failed_in_all == MOST_FAILED + 5
    assert "j0" not in {one.id for one in overview.failures}


def test_what_the_clock_does_next_is_told_by_name(redis: Redis) -> None:
    at = utc_now().timestamp() + 30
    redis.zadd("rq:scheduler:scheduled_jobs", {TABLE[0].id: at, "somebody's": at})
    due = read_overview(redis).due
    assert due.keys() == {"sync_due"}
    assert 25 < due["sync_due"] <= 30

"""Whether the work goes on: the ages of ticks and jobs, and the workers that live."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from redis import Redis

from dashboard.clock import utc_now
from dashboard.transaction import transaction
from jobs import ticks
from jobs.health import Health, read_health, waiting_in
from jobs.queues import key_of, queue_named
from jobs.syncs import sync_run
from jobs.ticks import Tick
from jobs.upkeep import make_partitions
from tests.factories import UserFactory
from tests.people import browser_of, signed_in
from tests.support.working_off import WORKER, age


@pytest.fixture
def healthy(db: SQLAlchemy, redis: Redis) -> Redis:
    """A Redis of a clock that has just ticked, and of one worker."""
    ticks.declare(redis, {"roll_due": 5, "backfill_events": 3600})
    for name in ("roll_due", "backfill_events"):
        ticks.note(redis, name)
    redis.sadd("rq:workers", WORKER)
    redis.hset(WORKER, "birth", "now")
    return redis


def states(redis: Redis) -> tuple[str, str, str]:
    """Return what is said of the clock, the workers and the queues."""
    health = read_health(redis)
    return health.clock_state, health.worker_state, health.queue_state


def test_where_all_goes_on_nothing_is_said(healthy: Redis) -> None:
    assert states(healthy) == ("ok", "ok", "ok")
    assert read_health(healthy).is_well


@pytest.mark.parametrize(
    ("every", "seconds", "is_late"),
    [(5, 60, False), (5, 61, True), (15, 61, True), (3600, 10800, False), (3600, 10801, True)],
)
def test_an_entry_is_late_after_three_turns_and_a_minute(
    every: int, seconds: int, is_late: bool
) -> None:
    assert Tick("roll_due", every, seconds).is_late is is_late


def test_an_entry_that_did_not_come_is_named(healthy: Redis) -> None:
    healthy.hset(ticks.LAST, "roll_due", str(utc_now().timestamp() - 75))
    healthy.hdel(ticks.LAST, "backfill_events")
    healthy.hset(ticks.SINCE, "backfill_events", str(utc_now().timestamp() - 121))
    assert states(healthy)[0] == "roll_due has not run for 75 s; backfill_events has never run"
    assert not read_health(healthy).is_well


def test_an_entry_that_was_declared_just_now_is_not_missed_yet(healthy: Redis) -> None:
    ticks.declare(healthy, {"reread_invoices": 3600})
    assert states(healthy)[0] == "ok"
    healthy.hset(ticks.SINCE, "reread_invoices", str(utc_now().timestamp() - 121))
    ticks.declare(healthy, {"reread_invoices": 3600})
    assert states(healthy)[0] == "reread_invoices has never run"


def test_an_entry_that_was_removed_is_not_missed(healthy: Redis) -> None:
    ticks.declare(healthy, {"roll_due": 5})
    assert [tick.name for tick in read_health(healthy).ticks] == ["roll_due"]


def test_a_redis_without_a_clock_says_so(healthy: Redis) -> None:
    healthy.delete(ticks.EVERY)
    assert states(healthy)[0] == "has never run on this Redis"


def test_an_entry_of_a_worker_has_run_when_the_worker_is_done(healthy: Redis) -> None:
    ticks.declare(healthy, {"make_partitions": 3600})
    healthy.hset(ticks.SINCE, "make_partitions", str(utc_now().timestamp() - 121))
    make_partitions.push(())
    assert states(healthy)[0] == "make_partitions has never run"
    make_partitions()
    assert states(healthy)[0] == "ok"


def test_a_worker_whose_signs_of_life_have_expired_is_not_counted(healthy: Redis) -> None:
    healthy.sadd("rq:workers", "rq:worker:killed")
    assert read_health(healthy).workers == 1
    healthy.delete(WORKER)
    assert states(healthy)[1] == "none is running"


@pytest.mark.parametrize(
    ("seconds", "state"), [(110, "ok"), (130, "a job in interactive has waited")]
)
def test_a_job_that_waits_for_too_long_is_told(healthy: Redis, seconds: int, state: str) -> None:
    sync_run.push([1], "interactive")
    [job_id] = queue_named("interactive", healthy).job_ids
    age(healthy, job_id, seconds)
    assert states(healthy)[2].startswith(state)


def test_the_oldest_job_need_not_be_the_first(healthy: Redis) -> None:
    sync_run.push([1])
    sync_run.push([2])
    sync_run.push_batch(sync_run, [3], None, at_front=True)
    age(healthy, queue_named("scheduled", healthy).job_ids[1], 300)
    waiting = waiting_in(healthy, "scheduled")
    assert (waiting.jobs, round(waiting.oldest_seconds, -1)) == (3, 300)


def test_an_empty_queue_makes_nobody_wait(healthy: Redis) -> None:
    assert waiting_in(healthy, "closing").oldest_seconds == 0


def test_health_without_ticks_is_not_well() -> None:
    assert not Health(ticks=[], queues=[], workers=1).is_well


HOLES: dict[str, Callable[[Redis], object]] = {
    "a tick that is no number": lambda redis: redis.hset(ticks.EVERY, "roll_due", "often"),
    "a tick at no time": lambda redis: redis.hset(ticks.LAST, "roll_due", "now"),
    "a tick at no instant": lambda redis: redis.hset(ticks.LAST, "roll_due", "nan"),
    "a tick for ever": lambda redis: redis.hset(ticks.EVERY, "roll_due", "9" * 5000),
    "an entry without letters": lambda redis: redis.hset(ticks.EVERY, b"\xff\xfe", "5"),
    "a table that is a text": lambda redis: redis.set(ticks.EVERY, "x"),
    "a job without letters": lambda redis: redis.rpush(key_of("interactive"), b"\xff\xfe"),
    "a queue that is a text": lambda redis: redis.set(key_of("interactive"), "x"),
    "a job that is a text": lambda redis: (
        redis.rpush(key_of("interactive"), "one"),
        redis.set("rq:job:one", "x"),
    ),
    "a job of no instant": lambda redis: (
        redis.rpush(key_of("interactive"), "one"),
        redis.hset("rq:job:one", "enqueued_at", "9999-99-99T99:99:99.000000Z"),
    ),
    "a worker without letters": lambda redis: redis.sadd("rq:workers", b"\xff\xfe"),
    "workers that are a text": lambda redis: redis.set("rq:workers", "x"),
    "a circuit that is open for ever": lambda redis: redis.set("stripe:default:circuit:open", "x"),
    "calls that are no number": lambda redis: redis.hset(
        f"stripe:default:calls:{utc_now().date()}", b"\xff", "many"
    ),
    "reads that are no number": lambda redis: redis.set(
        f"stripe:default:reads:{utc_now().date()}", "many"
    ),
}


@pytest.mark.parametrize("hole", HOLES)
def test_whatever_somebody_writes_to_redis_the_web_serves_on(
    app: Flask, healthy: Redis, hole: str
) -> None:
    with transaction():
        admin = UserFactory(role="admin")
    HOLES[hole](healthy)
    assert browser_of(app).get("/readyz").status_code == 200
    assert browser_of(app).get("/metrics").status_code == 200
    for where in ("/fleet", "/doctor", "/organizations"):
        assert signed_in(app, admin.id).get(where).status_code == 200, where

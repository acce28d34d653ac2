"""What of the machine stands still is told in words, the same ones at each look of a minute."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from redis import Redis
from rq.registry import FailedJobRegistry

from dashboard.gateway.limiter import READS_ALLOTTED, RedisLimiter
from dashboard.transaction import commit
from jobs.health import Health, Waiting
from jobs.queues import queue_named
from jobs.ticks import Pause, Tick
from jobs.watch import COUNTS, failed_jobs, late_parts, look_for_needs, look_soon

NOW = datetime(2026, 3, 1, 12, 30, 45, 678, tzinfo=UTC)


def told(*, ticks: list[Tick] | None = None, queues: list[Waiting] | None = None, workers: int = 1):
    """Return key, since when and words of each part that stands still."""
    health = Health(ticks or [], queues or [], workers)
    return [(one.subject, one.since, one.facts["why"]) for one in late_parts(health, now=NOW)]


def test_where_all_goes_on_nothing_is_told() -> None:
    assert told(ticks=[Tick("roll_due", 2, 1.0)], queues=[Waiting("mail", 3, 5.0)]) == []


def test_an_entry_that_stopped_is_told_with_when_it_last_ran() -> None:
    assert told(ticks=[Tick("roll_due", 2, 600.0)]) == [
        (
            "tick:roll_due",
            datetime(2026, 3, 1, 12, 20, tzinfo=UTC),
            "“Roll due” last ran at 12:20 UTC; it runs every 2 seconds.",
        )
    ]


def test_an_entry_that_a_person_paused_is_told_though_it_is_not_late() -> None:
    at = NOW - timedelta(hours=1)
    paused = Tick("roll_due", 2, 3600.0, paused=Pause("Ada", at.timestamp()))
    assert told(ticks=[paused]) == [
        (
            "paused:roll_due",
            datetime(2026, 3, 1, 11, 30, tzinfo=UTC),
            "Ada paused “Roll due”. It does not run until it is resumed.",
        )
    ]


def test_an_entry_that_never_ran_is_told_since_it_was_declared() -> None:
    assert told(ticks=[Tick("make_partitions", 3600, None, 7200.0)]) == [
        (
            "tick:make_partitions",
            datetime(2026, 3, 1, 10, 30, tzinfo=UTC),
            "“Make partitions” has never run; it runs every 3600 seconds.",
        )
    ]


def test_a_queue_in_which_a_job_waits_for_too_long_is_told() -> None:
    assert told(queues=[Waiting("interactive", 1, 125.0)]) == [
        (
            "queue:interactive",
            datetime(2026, 3, 1, 12, 28, tzinfo=UTC),
            "A job in the queue “interactive” has been waiting since 12:28 UTC.",
        )
    ]


def test_that_nobody_works_is_told() -> None:
    assert told(workers=0) == [("workers", None, "No worker is running. Nothing is synced.")]


def test_the_same_standstill_is_told_alike_at_each_look_of_a_minute() -> None:
    looks = {
        next(iter(late_parts(Health([Tick("roll_due", 2, 600.0 + seconds)], [], 1), now=at))).since
        for seconds in (0, 5, 10)
        for at in [NOW + timedelta(seconds=seconds)]
    }
    assert looks == {datetime(2026, 3, 1, 12, 20, tzinfo=UTC)}


def test_who_decides_something_has_a_worker_look_once_it_is_committed(
    db: SQLAlchemy, redis: Redis
) -> None:
    look_soon()
    assert queue_named("interactive", redis).count == 0
    commit()
    [job] = queue_named("interactive", redis).jobs
    assert job.func_name == look_for_needs.path


def test_failed_jobs_are_counted_in_every_queue(redis: Redis) -> None:
    for name, number in (("interactive", 1), ("maintenance", 2)):
        registry = FailedJobRegistry(queue=queue_named(name, redis))
        redis.zadd(registry.key, {f"{name}-{one}": 2e9 for one in range(number)})
    assert failed_jobs(redis) == 3


@pytest.mark.parametrize(("reads", "is_told"), [(READS_ALLOTTED, "0"), (READS_ALLOTTED + 1, "1")])
def test_reading_more_of_stripe_than_it_allows_needs_somebody(
    app: Flask,
    db: SQLAlchemy,
    redis: Redis,
    monkeypatch: pytest.MonkeyPatch,
    reads: int,
    is_told: str,
) -> None:
    # A worker that lives and a clock that ticks, so that this is all there is to tell.
    redis.sadd("rq:workers", "rq:worker:one")
    redis.hset("rq:worker:one", "birth", "now")
    monkeypatch.setattr(RedisLimiter, "reads", lambda _self: reads)
    look_for_needs()
    assert (redis.hget(COUNTS, "needs") or b"").decode() == is_told
    assert redis.hget(COUNTS, "webhook_events") == b"0"

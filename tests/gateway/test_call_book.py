"""The calls of the last day, hour by hour."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from redis import Redis

from dashboard.gateway.call_book import HOURS, CallBook, Tally, by_reason
from dashboard.gateway.errors import OutcomeUnknown
from dashboard.gateway.limiter import RedisLimiter
from dashboard.gateway.priorities import with_priority
from dashboard.gateway.reasons import calling_for
from dashboard.gateway.turns import Rates

NOW = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)


def note(redis: Redis, at: datetime, seconds: float, *, has_succeeded: bool = True) -> None:
    """Count a call that ended at that instant."""
    with time_machine.travel(at, tick=False):
        pipe = redis.pipeline(transaction=False)
        CallBook(redis, "book").note(pipe, seconds=seconds, has_succeeded=has_succeeded)
        pipe.execute()


def test_calls_are_counted_in_their_hour_and_by_lane(redis: Redis) -> None:
    with with_priority("closing"):
        note(redis, NOW, 0.2)
        note(redis, NOW, 0.4, has_succeeded=False)
    with with_priority("scheduled"):
        note(redis, NOW - timedelta(hours=1), 0.1)
    with time_machine.travel(NOW, tick=False):
        hours = CallBook(redis, "book").hours()
    assert len(hours) == HOURS
    now, before, *earlier = hours
    assert now.begins == NOW.replace(minute=0)
    assert (now.calls, now.by_priority["closing"], now.failed) == (2, 2, 1)
    assert now.mean_milliseconds == pytest.approx(300)
    assert (before.calls, before.by_priority["scheduled"], before.failed) == (1, 1, 0)
    assert all(one.calls == 0 and one.mean_milliseconds is None for one in earlier)


def test_the_limiter_counts_each_call_it_admits(redis: Redis) -> None:
    limiter = RedisLimiter(redis, Rates(per_second=1000, endpoint_per_second=1000, in_flight=9))
    with limiter.admitted("POST add_lines"):
        pass
    with pytest.raises(OutcomeUnknown), limiter.admitted("POST add_lines"):
        raise OutcomeUnknown("Nobody answered.")
    hour = limiter.book.hours()[0]
    assert (hour.calls, hour.by_priority["interactive"], hour.failed) == (2, 2, 1)


def test_an_hour_is_forgotten_after_a_day(redis: Redis) -> None:
    note(redis, NOW, 0.1)
    (key,) = redis.keys("book:hour:*")
    assert timedelta(hours=HOURS) < timedelta(seconds=redis.ttl(key)) < timedelta(hours=HOURS + 3)


def test_calls_are_told_by_what_they_were_for_the_most_first(redis: Redis) -> None:
    with calling_for("preview"):
        note(redis, NOW, 0.2)
        note(redis, NOW - timedelta(hours=1), 0.4, has_succeeded=False)
    with calling_for("credit_note"):
        note(redis, NOW, 0.1)
    with time_machine.travel(NOW, tick=False):
        hours = CallBook(redis, "book").hours()
    assert by_reason(hours) == [("preview", Tally(2, 600, 1)), ("credit_note", Tally(1, 100, 0))]
    assert by_reason(hours[2:]) == []

"""Each token has its requests of a minute, counted by all processes together and without asking."""

from collections.abc import Iterator

import pytest
from flask import Flask
from redis import Redis

from dashboard.allowances import MOST_KEPT, Allowances, Spent


class Clock:
    """A clock that stands."""

    now = 1_000_000 * 60.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Iterator[Clock]:
    """A clock that the test moves."""
    return Clock()


@pytest.fixture
def make(app: Flask, redis: Redis, clock: Clock):
    """Make the counter of one more process."""
    return lambda limit: Allowances(app.extensions["config"].redis_url, limit, clock=clock)


def spend(counter: Allowances, times: int, who: str = "one") -> Spent:
    """Ask so many times; return what is left after the last."""
    for _ in range(times):
        last = counter.spend(who)
    assert last is not None
    return last


def test_what_is_left_is_told_until_it_is_used_and_anew_in_the_next_minute(make, clock) -> None:
    counter = make(3)
    assert spend(counter, 1) == Spent(3, 2, 60, is_over=False)
    clock.now += 20
    assert spend(counter, 2) == Spent(3, 0, 40, is_over=False)
    assert spend(counter, 1) == Spent(3, 0, 40, is_over=True)
    assert spend(counter, 1, "another").left == 2
    clock.now += 40
    assert spend(counter, 1) == Spent(3, 2, 60, is_over=False)


def test_processes_together_let_through_hardly_more_than_one(make) -> None:
    counters = [make(1_000) for _ in range(4)]
    passed = sum(not spend(counter, 1).is_over for _ in range(400) for counter in counters)
    assert 1_000 <= passed <= 1_000 + len(counters) * 10


def test_redis_is_asked_once_for_a_hundredth_of_the_allowance(make, monkeypatch) -> None:
    counter, told = make(10_000), []
    incr = counter._shared.incr
    monkeypatch.setattr(counter._shared, "incr", lambda *args: told.append(args) or incr(*args))
    spend(counter, 1_000)
    assert [amount for _, _, amount in told] == [100] * 10


def test_without_redis_each_process_counts_alone() -> None:
    counter = Allowances("redis://127.0.0.1:9/0", 200)
    assert spend(counter, 200).is_over is False
    assert spend(counter, 1).is_over is True


def test_made_up_tokens_fill_no_memory(make) -> None:
    counter = make(5)
    for number in range(MOST_KEPT + 10):
        counter.spend(str(number))
    assert len(counter._counts) == MOST_KEPT
    assert counter.spend("one more") is None


def test_zero_is_no_limit(make) -> None:
    assert make(0).spend("one") is None

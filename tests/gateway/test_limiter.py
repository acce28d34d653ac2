"""One rate for all workers: never above it, urgent lanes first, killed holders forgotten."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis

from dashboard.gateway import limiter as module
from dashboard.gateway.circuit import FAILURES, CircuitOpen
from dashboard.gateway.errors import NotNow, OutcomeUnknown, Refused
from dashboard.gateway.lanes import Lane, in_lane
from dashboard.gateway.limiter import BURST, Rates, RedisLimiter

FAST = Rates(per_second=1000, endpoint_per_second=1000, in_flight=100)


def limiter(redis: Redis, **rates: float) -> RedisLimiter:
    """Return a limiter with these rates, else with ones that do not matter."""
    values = {"per_second": 1000.0, "endpoint_per_second": 1000.0, "in_flight": 100} | rates
    return RedisLimiter(redis, Rates(**values))  # type: ignore[arg-type]


def send(one: RedisLimiter, endpoint: str, count: int, workers: int = 4) -> list[float]:
    """Make calls from several threads and return when each was admitted, in order."""

    def call(_: int) -> float:
        with one.admitted(endpoint):
            return time.monotonic()

    with ThreadPoolExecutor(workers) as pool:
        return sorted(pool.map(call, range(count)))


def ask(one: RedisLimiter, lane: Lane, endpoint: str = "POST add_lines") -> bool:
    """Ask once for a slot, as a caller of `lane`; return whether it was given."""
    with in_lane(lane):
        return bool(one._ask(lane, endpoint)[0])


@pytest.mark.parametrize("limit", ["per_second", "endpoint_per_second"])
def test_no_more_calls_go_than_the_rate_and_the_burst_allow(redis: Redis, limit: str) -> None:
    start = time.monotonic()
    times = send(limiter(redis, **{limit: 40}), "POST add_lines", 60)
    # A busy machine can only make this longer.
    assert times[-1] - start >= (60 - BURST - 1) / 40


def test_an_endpoint_at_its_limit_leaves_the_others_theirs(redis: Redis) -> None:
    one = limiter(redis, endpoint_per_second=2)
    while ask(one, "interactive"):
        pass
    assert ask(one, "interactive", "POST update_lines")


def test_the_accounts_rate_is_shared_by_all_endpoints(redis: Redis) -> None:
    one = limiter(redis, per_second=2)
    while ask(one, "interactive"):
        pass
    assert not ask(one, "interactive", "POST update_lines")


def test_calls_in_flight_are_bounded(redis: Redis) -> None:
    one = limiter(redis, in_flight=2)
    running: list[int] = []
    seen: list[int] = []
    lock = threading.Lock()

    def call(_: int) -> None:
        with one.admitted("GET lines"):
            with lock:
                running.append(1)
                seen.append(len(running))
            time.sleep(0.02)
            with lock:
                running.pop()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(call, range(12)))
    assert max(seen) == 2


def test_a_close_that_waits_goes_before_the_periodic_syncs(redis: Redis) -> None:
    one = limiter(redis, per_second=2)
    while ask(one, "scheduled"):
        pass
    assert not ask(one, "closing")
    time.sleep(0.5)
    # The next slot is due now: the periodic sync asks first, and is told to wait all the same.
    assert not ask(one, "scheduled")
    assert ask(one, "closing")


def test_a_close_is_not_held_up_by_periodic_syncs_that_wait(redis: Redis) -> None:
    one = limiter(redis, in_flight=1)
    assert ask(one, "scheduled")
    assert not ask(one, "scheduled")
    redis.zrem("stripe:default:in_flight", "scheduled")
    assert ask(one, "closing")


def test_a_killed_holders_place_in_flight_is_free_after_its_time(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "IN_FLIGHT_SECONDS", 0.2)
    one = limiter(redis, in_flight=1)
    one._wait("killed", "POST add_lines")
    with one.admitted("POST add_lines"):
        pass


def test_who_waits_too_long_is_told_that_nothing_was_sent(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.1)
    one = limiter(redis, in_flight=1)
    with one.admitted("GET lines"), pytest.raises(NotNow, match="Nothing was sent"):
        one.admitted("GET lines").__enter__()


def test_reads_are_counted_apart(redis: Redis) -> None:
    one = limiter(redis)
    send(one, "GET lines", 3)
    send(one, "POST add_lines", 2)
    assert one.reads() == 3
    assert one.calls() == {"GET lines": 3, "POST add_lines": 2}


def fail(one: RedisLimiter, error: Exception) -> None:
    """Make a call that fails."""
    with pytest.raises(type(error)), one.admitted("POST add_lines"):
        raise error


def test_the_circuit_opens_after_failures_in_a_row_and_says_when_it_tries_again(
    redis: Redis,
) -> None:
    one = limiter(redis)
    for _ in range(FAILURES):
        fail(one, OutcomeUnknown("no answer"))
    with pytest.raises(CircuitOpen, match="the next try is in"):
        one.admitted("POST add_lines").__enter__()
    assert one.circuit.open_seconds() > 0


def test_one_success_in_between_keeps_it_closed(redis: Redis) -> None:
    one = limiter(redis)
    for _ in range(FAILURES - 1):
        fail(one, OutcomeUnknown("no answer"))
    send(one, "POST add_lines", 1)
    fail(one, OutcomeUnknown("no answer"))
    assert one.circuit.open_seconds() == 0


def test_a_refusal_is_an_answer_and_opens_nothing(redis: Redis) -> None:
    one = limiter(redis)
    for _ in range(FAILURES + 1):
        fail(one, Refused("no such line"))
    assert one.circuit.open_seconds() == 0


def test_an_unused_second_does_not_become_a_burst(redis: Redis) -> None:
    one = limiter(redis, per_second=20)
    send(one, "GET lines", 1)
    time.sleep(0.5)
    start = time.monotonic()
    times = send(one, "GET lines", BURST + 4, workers=8)
    assert times[-1] - start >= 3 / 20

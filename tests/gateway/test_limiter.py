"""One rate for all workers: never above it, killed holders forgotten; the circuit."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from dashboard.gateway import turns
from dashboard.gateway.circuit import FAILURES, CircuitOpen
from dashboard.gateway.errors import NotNow, OutcomeUnknown, Refused
from dashboard.gateway.limiter import RedisLimiter
from dashboard.gateway.turns import Rates
from tests.support.turns import most_in_a_second

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


@pytest.mark.parametrize("limit", ["per_second", "endpoint_per_second"])
def test_no_second_holds_more_calls_than_the_rate(redis: Redis, limit: str) -> None:
    times = send(limiter(redis, **{limit: 20}), "POST add_lines", 70, workers=40)
    # A busy machine can only make it fewer.
    assert most_in_a_second(times) <= 20


def test_the_accounts_rate_is_shared_by_all_endpoints(redis: Redis) -> None:
    one = limiter(redis, per_second=2)
    times = [*send(one, "POST add_lines", 2), *send(one, "POST update_lines", 2)]
    assert most_in_a_second(times) <= 2


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


def test_a_killed_holders_place_in_flight_is_free_after_its_time(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "IN_FLIGHT_SECONDS", 0.2)
    one = limiter(redis, in_flight=1)
    # Kept: it would be closed, and the place free, as soon as nobody refers to it.
    killed = one.admitted("POST add_lines")
    killed.__enter__()
    began = time.monotonic()
    with one.admitted("POST add_lines"):
        assert 0.1 < time.monotonic() - began < 10


def test_who_waits_too_long_is_told_that_nothing_was_sent(redis: Redis) -> None:
    hasty = RedisLimiter(redis, Rates(1000, 1000, 1), patience_seconds=0.1)
    with hasty.admitted("GET lines"), pytest.raises(NotNow, match="Nothing was sent"):
        hasty.admitted("GET lines").__enter__()
    with hasty.admitted("GET lines"):
        pass


def test_a_lost_redis_is_said_at_once(redis: Redis) -> None:
    nowhere = Redis(host="127.0.0.1", port=9, retry=Retry(NoBackoff(), 0))
    with pytest.raises(RedisError):
        RedisLimiter(nowhere, FAST).admitted("GET lines").__enter__()


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
    with pytest.raises(CircuitOpen, match="The next try is in"):
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

"""One rate for all workers: never above it, urgent lanes first, killed holders forgotten."""

import threading
import time
from bisect import bisect_left
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from redis import Redis

from dashboard.gateway import limiter as module
from dashboard.gateway.circuit import FAILURES, CircuitOpen
from dashboard.gateway.errors import NotNow, OutcomeUnknown, Refused
from dashboard.gateway.lanes import in_lane
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


@pytest.mark.parametrize("limit", ["per_second", "endpoint_per_second"])
def test_no_second_holds_more_than_the_rate_and_the_burst(redis: Redis, limit: str) -> None:
    times = send(limiter(redis, **{limit: 40}), "POST add_lines", 60)
    most = max(bisect_left(times, at + 1) - index for index, at in enumerate(times))
    assert most <= 40 + BURST + 1


def test_endpoints_share_the_accounts_rate_but_not_each_others(redis: Redis) -> None:
    one = limiter(redis, endpoint_per_second=5)
    first = send(one, "POST add_lines", BURST)
    other = send(one, "POST update_lines", BURST)
    assert other[-1] - first[0] < 0.5


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


def test_a_close_goes_before_the_periodic_syncs_that_wait(redis: Redis) -> None:
    one = limiter(redis, per_second=10)
    order: list[str] = []
    started = threading.Event()

    def periodic() -> None:
        with in_lane("scheduled"):
            for _ in range(8):
                with one.admitted("POST add_lines"):
                    order.append("scheduled")
                    started.set()

    thread = threading.Thread(target=periodic)
    thread.start()
    started.wait(5)
    with in_lane("closing"):
        for _ in range(3):
            with one.admitted("POST finalize"):
                order.append("closing")
    thread.join(10)
    last = len(order) - 1 - order[::-1].index("closing")
    # Between two of ours a slot or two may already have been given away; then ours go first.
    assert last < len(order) - 3


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
    times = send(one, "GET lines", BURST + 4, workers=8)
    gaps = [later - earlier for earlier, later in pairwise(times[BURST:])]
    assert min(gaps) > 0.02

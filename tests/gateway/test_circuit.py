"""When Stripe does not answer, nobody calls for a while; what is said of that is what is so."""

from datetime import UTC, datetime, timedelta

import time_machine
from redis import Redis

from dashboard.gateway.circuit import (
    FAILURES,
    LONGEST_OPEN_SECONDS,
    OPEN_SECONDS,
    Circuit,
    CircuitOpen,
    CircuitState,
)

NOW = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)


def fail(circuit: Circuit, times: int) -> None:
    with time_machine.travel(NOW, tick=False):
        for _ in range(times):
            circuit.failed()


def test_a_few_failures_in_a_row_are_counted_and_nobody_waits(redis: Redis) -> None:
    circuit = Circuit(redis, "c")
    assert circuit.state() == CircuitState(0, None, 0)
    fail(circuit, FAILURES - 1)
    assert circuit.state() == CircuitState(FAILURES - 1, None, 0)
    assert (circuit.open_seconds(), circuit.away_seconds()) == (0, 0)


def test_one_more_opens_it_and_it_says_since_when(redis: Redis) -> None:
    circuit = Circuit(redis, "c")
    fail(circuit, FAILURES)
    assert circuit.state() == CircuitState(FAILURES, NOW, OPEN_SECONDS)
    assert circuit.open_seconds() == circuit.away_seconds() == OPEN_SECONDS


def test_while_the_next_call_only_tries_it_is_still_away(redis: Redis) -> None:
    circuit = Circuit(redis, "c")
    fail(circuit, FAILURES)
    redis.delete("c:open")
    assert (circuit.open_seconds(), circuit.away_seconds()) == (0, 1)
    assert circuit.state() == CircuitState(FAILURES, NOW, 0)


def test_it_stays_open_longer_each_time_up_to_a_bound(redis: Redis) -> None:
    circuit = Circuit(redis, "c")
    fail(circuit, FAILURES)
    for seconds in (2 * OPEN_SECONDS, 4 * OPEN_SECONDS, 8 * OPEN_SECONDS, LONGEST_OPEN_SECONDS):
        redis.delete("c:open")
        fail(circuit, 1)
        assert circuit.open_seconds() == seconds


def test_a_success_closes_it(redis: Redis) -> None:
    circuit = Circuit(redis, "c")
    fail(circuit, FAILURES + 2)
    circuit.succeeded()
    assert circuit.state() == CircuitState(0, None, 0)
    assert circuit.away_seconds() == 0


def test_old_failures_are_forgotten(redis: Redis) -> None:
    circuit = Circuit(redis, "c")
    fail(circuit, 1)
    assert timedelta(0) < timedelta(seconds=redis.ttl("c:failures")) <= timedelta(minutes=5)


def test_the_error_says_when_the_next_try_is() -> None:
    error = CircuitOpen.so_long(1001)
    assert "The next try is in 2 s." in error.message
    assert (error.code, error.reason) == ("stripe_down", "circuit_open")

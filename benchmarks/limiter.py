"""Two hundred callers in four processes at 25 a second, and a person's click now and then.

Nothing is called: what is measured is who may begin when. `limiter_most` and `limiter_share` come
from the instants at which the callers went on, on the one clock that processes of a machine share.
"""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from itertools import chain

from flask import Flask
from redis import Redis

from benchmarks.fleet.size import organizations
from benchmarks.registry import Figure, benchmark
from dashboard.gateway.limiter import RedisLimiter
from dashboard.gateway.priorities import Priority, with_priority
from dashboard.gateway.turns import Rates
from tests.support.turns import most_in_a_second

USUALLY = 600
PROCESSES, WAITING = 4, 200
PER_SECOND = 25
RATES = Rates(per_second=100, endpoint_per_second=PER_SECOND, in_flight=40)
CALL_SECONDS = 0.3
BETWEEN_CLICKS_SECONDS = 0.73
STARTING_SECONDS = 2
# Two scripts, and now and then one for a caller whom the machine kept for more than 50 ms.
AIM, MOST_SCRIPTS, MOST_CLICK_MS = 0.97, 2.05, 100


@benchmark("limiter_share", "limiter_most", "limiter_scripts_per_call", "limiter_click_ms")
def limiter(app: Flask) -> list[Figure]:
    """Let the callers go through, and count instants, scripts and how long clicks wait."""
    url, size = app.extensions["config"].redis_url, organizations(USUALLY)
    redis: Redis = app.extensions["redis"]
    scripts = scripts_run(redis)
    spawn = multiprocessing.get_context("spawn")
    # How long Python takes to start is not the question.
    started = spawn.Barrier(PROCESSES + 1)
    with ProcessPoolExecutor(PROCESSES, spawn, started.wait) as pool:
        each = size // PROCESSES
        periodic = [pool.submit(periodic_calls, url, each) for _ in range(PROCESSES)]
        started.wait()
        clicks = clicks_until(redis, periodic)
        begun = list(chain.from_iterable(one.result() for one in periodic))
    scripts = scripts_run(redis) - scripts
    last = max(begun)
    begun = sorted(begun + [at for at, _ in clicks if at < last])
    waits = sorted(wait for _, wait in clicks)
    click_ms = waits[round(0.95 * (len(waits) - 1))] * 1000
    calls = len(begun)
    return [
        Figure("limiter_share", share(begun), "of 25 calls/s", calls, at_least=AIM),
        Figure("limiter_most", most_in_a_second(begun), "in any second", calls, bound=PER_SECOND),
        Figure("limiter_scripts_per_call", scripts / calls, "a call", calls, bound=MOST_SCRIPTS),
        Figure("limiter_click_ms", click_ms, "p95", len(clicks), bound=MOST_CLICK_MS),
    ]


def share(begun: Sequence[float]) -> float:
    """Return the calls a second as a share of the rate, once all threads have started."""
    steady = [at for at in begun if at >= begun[0] + STARTING_SECONDS]
    return (len(steady) - 1) / (steady[-1] - steady[0]) / PER_SECOND


def periodic_calls(url: str, calls: int) -> list[float]:
    """Make so many calls from a share of the threads; return when each began."""
    redis = Redis.from_url(url)
    one = RedisLimiter(redis, RATES, patience_seconds=600)
    threads = WAITING // PROCESSES
    started = threading.Barrier(threads)

    def start() -> None:
        """Connect before the first one asks: a worker's threads have long been connected."""
        connection = redis.connection_pool.get_connection()
        started.wait()
        redis.connection_pool.release(connection)

    with ThreadPoolExecutor(threads, initializer=start) as pool:
        return [at for at, _ in pool.map(lambda _: call(one, "scheduled"), range(calls))]


def clicks_until(redis: Redis, others: Sequence[Future[list[float]]]) -> list[tuple[float, float]]:
    """Click at intervals until the others are through."""
    one = RedisLimiter(redis, RATES)
    clicks = []
    while not all(other.done() for other in others):
        time.sleep(BETWEEN_CLICKS_SECONDS)
        clicks.append(call(one, "interactive"))
    return clicks


def call(one: RedisLimiter, priority: Priority) -> tuple[float, float]:
    """Make a call; return when it began and how long it waited."""
    asked = time.monotonic()
    with with_priority(priority), one.admitted("POST update_lines"):
        begun = time.monotonic()
        time.sleep(CALL_SECONDS)
    return begun, begun - asked


def scripts_run(redis: Redis) -> int:
    """Return how many scripts the server has run; one it did not know yet did not run."""
    seen = redis.info("commandstats").get("cmdstat_evalsha", {})
    return int(seen.get("calls", 0)) - int(seen.get("failed_calls", 0))

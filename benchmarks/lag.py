"""How long usage takes from its answer to the bill, when nobody looks, while others report much."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import median, quantiles
from time import perf_counter, sleep

import psycopg
from flask import Flask

from benchmarks.ingest import (
    BATCH,
    BATCH_SENDERS,
    MOST_BATCHES_EACH,
    ORGANIZATIONS,
    SECONDS,
    ready,
    warm_up,
)
from benchmarks.load.customers import make_customers, slug_of
from benchmarks.load.senders import Connection, send
from benchmarks.load.web import Web, address, running_web
from benchmarks.registry import Figure, benchmark
from dashboard.clock import utc_now

LIMIT_MS = 1000
# A ninety-ninth percentile takes some hundred looks: so many bills are watched at once.
WATCHED = 24
LOOKED_EVERY_SECONDS = 0.01
BILLED = """
    select slug, sum(quantity) from invoice_items
    join organizations on organizations.id = organization_id
    where slug = any(%s) group by slug
"""


@benchmark("ingest_lag_ms", "ingest_lag_p50_ms")
def ingest_lag(_app: Flask) -> list[Figure]:
    """Report for organizations that nobody else reports for, and watch their bills."""
    secret = make_customers(ORGANIZATIONS + WATCHED)
    with running_web(with_scheduler=True) as web, ThreadPoolExecutor(2) as pool:
        # As after some minutes of use; a process that has just begun looks up each organization.
        warm_up(web, "dashboard.web", secret)
        bodies = ready(ORGANIZATIONS, BATCH, MOST_BATCHES_EACH, BATCH_SENDERS)
        load = pool.submit(
            send, web, bodies, senders=BATCH_SENDERS, seconds=SECONDS * 2, secret=secret
        )
        watched = _Watched()
        reported = pool.submit(watched.report, web, secret, load.done)
        watched.watch(reported.done)
        load.result()
        reported.result()
    lags = watched.lags
    return [
        Figure("ingest_lag_ms", _p99(lags), "ms, p99", len(lags), bound=LIMIT_MS),
        Figure("ingest_lag_p50_ms", median(lags), "ms", len(lags)),
    ]


class _Watched:
    """Organizations of which each has at most one record that is not on its bill."""

    def __init__(self) -> None:
        self.slugs = [slug_of(ORGANIZATIONS + number) for number in range(WATCHED)]
        self.sent = dict.fromkeys(self.slugs, 0)
        # When the newest record was answered, of those of which it is not on the bill.
        self.answered: dict[str, float] = {}
        self.lags: list[float] = []

    def report(self, web: Web, secret: str, is_over: Callable[[], bool]) -> None:
        """Report a record for each in turn, as soon as its last one is counted."""
        with Connection(web, secret) as sender:
            while not is_over():
                for slug in self.slugs:
                    if slug not in self.answered:
                        sender.post(_body(slug, self.sent[slug]))
                        self.sent[slug] += 1
                        self.answered[slug] = perf_counter()
                sleep(LOOKED_EVERY_SECONDS)

    def watch(self, is_over: Callable[[], bool]) -> None:
        """Note how long each took, until everything is counted."""
        with psycopg.connect(address(), autocommit=True, prepare_threshold=1) as connection:
            while not is_over() or self.answered:
                since = dict(self.answered)
                billed = dict(connection.execute(BILLED, (self.slugs,)).fetchall())
                now = perf_counter()
                for slug, answered in since.items():
                    if billed.get(slug, 0) >= self.sent[slug]:
                        self.lags.append((now - answered) * 1000)
                        del self.answered[slug]
                sleep(LOOKED_EVERY_SECONDS)


def _p99(lags: Sequence[float]) -> float:
    return quantiles(lags, n=100)[-1] if len(lags) > 1 else max(lags)


def _body(slug: str, number: int) -> bytes:
    record = {
        "organization": slug,
        "meter": "meter-0",
        "key": f"watched-{number}",
        "quantity": "1",
        "recorded_at": utc_now().isoformat(),
    }
    return json.dumps({"records": [record]}).encode()

"""How long usage takes from its answer to the bill, when nobody looks, while others report much."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import median, quantiles
from time import perf_counter, sleep

import psycopg
from flask import Flask

from benchmarks.ingest import BATCH, BATCH_SENDERS, MOST_BATCHES_EACH, ORGANIZATIONS, SECONDS, ready
from benchmarks.load.customers import make_customers, slug_of
from benchmarks.load.senders import Connection, send
from benchmarks.load.web import Web, address, running_web
from benchmarks.registry import Figure, benchmark
from dashboard.clock import utc_now

LIMIT_MS = 1000
LOOKED_EVERY_SECONDS = 0.005
BILLED = """
    select coalesce(sum(quantity), 0) from invoice_items
    join organizations on organizations.id = organization_id where slug = %s
"""


@benchmark("ingest_lag_ms", "ingest_lag_p50_ms")
def ingest_lag(_app: Flask) -> list[Figure]:
    """Report for an organization that nobody else reports for, and watch its bill."""
    secret = make_customers(ORGANIZATIONS + 1)
    with running_web(with_scheduler=True) as web, ThreadPoolExecutor(1) as pool:
        bodies = ready(ORGANIZATIONS, BATCH, MOST_BATCHES_EACH, BATCH_SENDERS)
        load = pool.submit(
            send, web, bodies, senders=BATCH_SENDERS, seconds=SECONDS * 2, secret=secret
        )
        lags = _watch(web, secret, load.done)
        load.result()
    return [
        Figure("ingest_lag_ms", _p99(lags), "ms, p99", len(lags), bound=LIMIT_MS),
        Figure("ingest_lag_p50_ms", median(lags), "ms", len(lags)),
    ]


def _p99(lags: Sequence[float]) -> float:
    return quantiles(lags, n=100)[-1] if len(lags) > 1 else max(lags)


def _watch(web: Web, secret: str, is_over: Callable[[], bool]) -> list[float]:
    slug = slug_of(ORGANIZATIONS)
    lags: list[float] = []
    with (
        Connection(web, secret) as sender,
        psycopg.connect(address(), autocommit=True, prepare_threshold=1) as connection,
    ):
        while not is_over():
            sender.post(_body(slug, len(lags)))
            answered = perf_counter()
            while connection.execute(BILLED, (slug,)).fetchall()[0][0] <= len(lags):
                sleep(LOOKED_EVERY_SECONDS)
            lags.append((perf_counter() - answered) * 1000)
    return lags


def _body(slug: str, number: int) -> bytes:
    record = {
        "organization": slug,
        "meter": "meter-0",
        "key": f"watched-{number}",
        "quantity": "1",
        "recorded_at": utc_now().isoformat(),
    }
    return json.dumps({"records": [record]}).encode()

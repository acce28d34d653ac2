"""Usage over real HTTP: batches over many organizations, single records, many senders for few."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from statistics import median

from flask import Flask
from sqlalchemy import text

from benchmarks.floors import arrays, bare
from benchmarks.load.customers import made_before, make_customers
from benchmarks.load.senders import Sent, send
from benchmarks.load.web import Web, address, running_web
from benchmarks.registry import Figure, benchmark
from dashboard.extensions import db
from dashboard.transaction import transaction

ORGANIZATIONS = 300
ROUNDS = 3
SECONDS = float(os.environ.get("BENCH_SECONDS", "6"))
BATCH = 1000
BATCH_SENDERS, SINGLE_SENDERS, CONTENDERS = 8, 32, 16
FEW = 10
# More than anybody answers in that time, so that no sender runs out.
MOST_BATCHES_EACH, MOST_RECORDS_EACH = 100, 1000
AIM, AIM_OF_FLOOR, AIM_SINGLE, AIM_CONTENDED = 25_000, 0.25, 0.5, 0.8


@benchmark("ingest_batch", "ingest_batch_share", "ingest_batch_p95")
def ingest_batch(_app: Flask) -> list[Figure]:
    """Let eight senders report batches of a thousand, beside inserts of bare arrays."""
    secret = make_customers(ORGANIZATIONS)
    ours: list[Sent] = []
    floors: list[float] = []
    with running_web(with_scheduler=True) as web:
        for _ in range(ROUNDS):
            floors.append(
                arrays.records_per_second(
                    address(), senders=BATCH_SENDERS, size=BATCH, seconds=SECONDS / 3
                )
            )
            made = ready(ORGANIZATIONS, BATCH, MOST_BATCHES_EACH, BATCH_SENDERS)
            ours.append(send(web, made, senders=BATCH_SENDERS, seconds=SECONDS, secret=secret))
            settle()
    rate, floor = median(one.per_second * BATCH for one in ours), median(floors)
    return [
        Figure("ingest_batch", rate, "records/s", ROUNDS, at_least=AIM, floor=floor),
        Figure("ingest_batch_share", rate / floor, "of the floor", ROUNDS, at_least=AIM_OF_FLOOR),
        Figure("ingest_batch_p95", median(one.p95 for one in ours), "ms", ROUNDS),
    ]


@benchmark("ingest_single", "ingest_single_share", "ingest_single_p95")
def ingest_single(_app: Flask) -> list[Figure]:
    """Let 32 senders report one record at a time, beside a bare route that inserts one row."""
    secret = make_customers(ORGANIZATIONS)
    with transaction():
        db.session.execute(text(bare.TABLE))
    ours: list[Sent] = []
    floors: list[Sent] = []

    def run(program: str, into: list[Sent]) -> None:
        made = ready(ORGANIZATIONS, 1, MOST_RECORDS_EACH, SINGLE_SENDERS)
        with running_web(program=program, with_scheduler=program == "dashboard.web") as web:
            warm_up(web, program, secret)
            into.append(send(web, made, senders=SINGLE_SENDERS, seconds=SECONDS, secret=secret))

    for _ in range(ROUNDS):
        run("benchmarks.floors.bare", floors)
        run("dashboard.web", ours)
    rate, floor = (median(one.per_second for one in some) for some in (ours, floors))
    return [
        Figure("ingest_single", rate, "records/s", ROUNDS, floor=floor),
        Figure("ingest_single_share", rate / floor, "of the floor", ROUNDS, at_least=AIM_SINGLE),
        Figure("ingest_single_p95", median(one.p95 for one in ours), "ms", ROUNDS),
    ]


@benchmark("ingest_contended", "ingest_contended_share")
def ingest_contended(_app: Flask) -> list[Figure]:
    """Let sixteen senders report for ten organizations, beside the same for three hundred."""
    secret = make_customers(ORGANIZATIONS)
    rates: dict[int, list[float]] = {FEW: [], ORGANIZATIONS: []}
    with running_web(with_scheduler=True) as web:
        for _ in range(ROUNDS):
            for organizations, found in rates.items():
                made = ready(organizations, BATCH, MOST_BATCHES_EACH // 2, CONTENDERS)
                sent = send(web, made, senders=CONTENDERS, seconds=SECONDS, secret=secret)
                found.append(sent.per_second * BATCH)
                settle()
    contended, free = median(rates[FEW]), median(rates[ORGANIZATIONS])
    return [
        Figure("ingest_contended", contended, "records/s", ROUNDS, floor=free),
        Figure(
            "ingest_contended_share", contended / free, "of uncontended", ROUNDS,
            at_least=AIM_CONTENDED,
        ),
    ]  # fmt: skip


def ready(
    organizations: int, size: int, most: int, senders: int
) -> Callable[[int], Iterator[bytes]]:
    """Return what gives each sender its bodies, all made now."""
    made = [
        made_before(organizations, size=size, most=most, number=number) for number in range(senders)
    ]
    return made.__getitem__


def warm_up(web: Web, program: str, secret: str) -> None:
    """Let every process know every organization, as it does after some minutes of use."""
    size = BATCH if program == "dashboard.web" else 1
    send(web, ready(ORGANIZATIONS, size, 2, 16), senders=16, seconds=3, secret=secret)


def settle() -> None:
    """Wait until everything that was accepted is counted: it belongs to what was measured."""
    waiting = text("select exists (select from usage_waiting)")
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while connection.scalar(waiting):
            pass

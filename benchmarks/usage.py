"""Recording a batch of 1,000 usage records of one organization, through to the commit."""

from collections.abc import Callable
from decimal import Decimal
from itertools import count

from flask import Flask
from sqlalchemy import text

from benchmarks.registry import Figure, benchmark
from benchmarks.shop import organization_with_items
from benchmarks.timing import interleaved_ms
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.transaction import transaction
from dashboard.usage.record import record_batch
from dashboard.usage.reported import ReportedRecord
from tests.support.queries import count_queries

RUNS = 30
SIZE = 1000
METERS = 5
BOUND_MS = 200
FLOOR = text("""
    insert into floor select * from unnest(cast(:keys as text[]), cast(:quantities as numeric[]))
""")


@benchmark("usage_batch_ms", "usage_batch_queries")
def usage_batch(_app: Flask) -> list[Figure]:
    """Measure a batch, beside writing as many bare rows in one statement and committing them."""
    organization_with_items("busy", services=20, meters=METERS)
    with transaction():
        db.session.execute(text("create table floor (key text primary key, quantity numeric)"))
    numbers = count()
    with count_queries(db.engine) as one:
        record("busy", 1, numbers)
    with count_queries(db.engine) as many:
        record("busy", SIZE, numbers)
    batch, floor = interleaved_ms(
        lambda: record("busy", SIZE, numbers), write_bare_rows(numbers), runs=RUNS
    )
    return [
        Figure("usage_batch_ms", batch, "ms, median", RUNS, bound=BOUND_MS, floor=floor),
        # As many as for one record, and for each meter that the batch touches beyond it none.
        Figure("usage_batch_queries", many.count, "SQL statements", 1, bound=one.count),
    ]


def record(slug: str, size: int, numbers: "count[int]") -> None:
    """Record `size` new entries, spread over the organization's meters, and commit."""
    now = utc_now()
    entries = [
        ReportedRecord(
            slug,
            f"{slug}-{number % METERS}",
            f"bench-{number}",
            Decimal("12.5"),
            now,
        )
        for number in (next(numbers) for _ in range(size))
    ]
    with transaction():
        assert record_batch(entries, now=now).recorded == size


def write_bare_rows(numbers: "count[int]") -> Callable[[], None]:
    """Return what writes as many keys and quantities, and nothing else, in one statement."""

    def write() -> None:
        keys = [f"bench-{next(numbers)}" for _ in range(SIZE)]
        with transaction():
            db.session.execute(FLOOR, {"keys": keys, "quantities": [Decimal("12.5")] * SIZE})

    return write

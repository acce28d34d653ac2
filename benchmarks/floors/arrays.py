"""The least that PostgreSQL can do with batches: one insert of unnested arrays each, by senders."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from decimal import Decimal
from itertools import count
from time import perf_counter

import psycopg

from dashboard.clock import utc_now

TABLE = """
    create table if not exists floor_batches
        (organization_id bigint, key text, quantity numeric, recorded_at timestamptz,
         primary key (organization_id, key))
"""
INSERT = """
    insert into floor_batches select * from unnest(%s::bigint[], %s::text[], %s::numeric[],
                                                   %s::timestamptz[])
"""
ORGANIZATIONS = 300
_numbers = count()
Batch = tuple[list[int], list[str], list[Decimal], list[datetime]]


def records_per_second(address: str, *, senders: int, size: int, seconds: float) -> float:
    """Return how many records a second so many senders insert in batches of `size`."""
    end = perf_counter() + seconds

    def send(_sender: int) -> int:
        with psycopg.connect(address, autocommit=True, prepare_threshold=1) as connection:
            inserts = 0
            batches = _batches(size)
            while perf_counter() < end:
                connection.execute(INSERT, next(batches))
                inserts += 1
        return inserts * size

    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(TABLE)
    with ThreadPoolExecutor(senders) as pool:
        return sum(pool.map(send, range(senders))) / seconds


def _batches(size: int) -> Iterator[Batch]:
    quantities, now = [Decimal("12.5")] * size, [utc_now()] * size
    organizations = [number % ORGANIZATIONS for number in range(size)]
    while True:
        first = next(_numbers) * size
        yield organizations, [f"key-{first + n}" for n in range(size)], quantities, now

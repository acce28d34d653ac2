"""How many connections to PostgreSQL the product holds, looked at while something else happens."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

EVERY_SECONDS = 0.5
COUNT = "select count(*) from pg_stat_activity where usename = 'billing'"
ASK = ["runuser", "-u", "postgres", "--", "psql", "-At", "-c", COUNT]


def held() -> int:
    """Return how many there are now."""
    return int(subprocess.check_output(ASK, cwd="/", text=True))


@contextmanager
def watched() -> Iterator[list[int]]:
    """Lend the counts of every half second, as long as the block lasts."""
    counts, over = [held()], Event()

    def look() -> None:
        while not over.wait(EVERY_SECONDS):
            counts.append(held())

    looking = Thread(target=look)
    looking.start()
    try:
        yield counts
    finally:
        over.set()
        looking.join(10)

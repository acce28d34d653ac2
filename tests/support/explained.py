"""What PostgreSQL touches to answer: the statements of a block, each explained as it was asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from sqlalchemy import Engine, event

READ = re.compile(r"\s*(select|with)\b", re.IGNORECASE)
EXPLAIN = "explain (analyze, buffers, timing off, summary off) "
BUFFERS = re.compile(r"Buffers: shared(?: hit=(\d+))?(?: read=(\d+))?")


@dataclass(frozen=True)
class Explained:
    """A statement, how it was carried out, and the buffers of 8 kB that it touched."""

    statement: str
    plan: str

    @property
    def buffers(self) -> int:
        """How often it looked into a buffer, those read from disk included."""
        found = BUFFERS.search(self.plan)
        return sum(int(one or 0) for one in found.groups()) if found else 0

    def __str__(self) -> str:
        return f"{self.buffers} buffers:\n{self.statement}\n{self.plan}\n"


@dataclass
class Plans:
    """The statements of a block that read, in the order in which they were sent."""

    all: list[Explained] = field(default_factory=list)

    @property
    def buffers(self) -> int:
        """What all of them touched."""
        return sum(one.buffers for one in self.all)

    @property
    def worst(self) -> Explained:
        """The one that touched most."""
        return max(self.all, key=lambda one: one.buffers)


@contextmanager
def explained(engine: Engine) -> Iterator[Plans]:
    """Carry out each reading statement of the block a second time, and keep how it went.

    Before it is answered, so with the same rows and in the same transaction.
    """
    plans = Plans()

    def explain(connection: Any, cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        if READ.match(statement):
            plan = _plan(connection.connection.driver_connection, cursor, statement, values)
            plans.all.append(Explained(statement, plan))

    event.listen(engine, "before_cursor_execute", explain)
    try:
        yield plans
    finally:
        event.remove(engine, "before_cursor_execute", explain)


def _plan(driver: psycopg.Connection[Any], cursor: object, statement: str, values: Any) -> str:
    kind = psycopg.RawCursor if isinstance(cursor, psycopg.RawCursor) else psycopg.Cursor
    with kind(driver, row_factory=psycopg.rows.tuple_row) as own:
        rows = own.execute((EXPLAIN + statement).encode(), values).fetchall()
    return "\n".join(line for (line,) in rows)

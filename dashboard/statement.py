"""Statements written with SQLAlchemy and compiled once; their rows are read as they are.

Finding the compiled form of a statement again, and building the objects that a session keeps, took
a millisecond for each statement of a page: more than PostgreSQL took for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Dialect,
    Insert,
    Row,
    Select,
    TextualSelect,
    Update,
    cast,
    column,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.sql.selectable import NamedFromClause
from sqlalchemy.types import TypeEngine

from dashboard.extensions import READS, db

# With named parameters a percent sign is one, and not the beginning of a place.
_DIALECT: Dialect = PGDialect_psycopg(paramstyle="named")  # type: ignore[no-untyped-call]  # SQLAlchemy's own


# How the place of a value is marked until every other colon is known to be none.
_PLACE = re.compile("\x1a(\\w+)\x1a")


class Statement:
    """A query whose values are given with each execution, under the names of its `parameter`s.

    Or a writing that returns something. Constants are part of its text, so that PostgreSQL sees
    that a partial index fits. It goes past the session, which writes nothing of its own before.
    """

    def __init__(self, query: Select[*tuple[Any, ...]] | Insert | Update) -> None:
        self._query = query

    def rows(self, **values: object) -> Sequence[Row[Any]]:
        """Return what the query finds, or the writing returns, in the present transaction."""
        return db.session.connection().execute(self._text, values).all()

    def row(self, **values: object) -> Row[Any] | None:
        """Return the first row, None if there is none."""
        return next(iter(self.rows(**values)), None)

    @cached_property
    def _text(self) -> TextualSelect:
        written = self._query.compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True})
        # Named, so that SQLAlchemy keeps what it made of them with the statement.
        kinds = [one.type for one in self._query.exported_columns]
        named = (column(f"column_{number}", kind) for number, kind in enumerate(kinds))
        return text(_PLACE.sub(r":\1", str(written).replace(":", "\\:"))).columns(*named)


def parameter(name: str, kind: TypeEngine[Any] | type[TypeEngine[Any]]) -> ColumnElement[Any]:
    """Return the place of a value that is given with each execution."""
    return cast(literal_column(f"\x1a{name}\x1a"), kind)


def only_read() -> None:
    """Let the present session write nothing from here on, and begin no transaction for it.

    Each statement sees what is committed, in a transaction or not; to begin and end one takes two
    more round trips. No effect on a transaction that has begun.
    """
    session = db.session()
    if not session.in_transaction():
        session.info[READS] = True
        session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})


def may_write() -> None:
    """End what `only_read` began: what follows is a transaction of its own."""
    session = db.session()
    session.rollback()
    session.info.pop(READS, None)


def columns(kind: Any, table: NamedFromClause) -> list[ColumnElement[Any]]:
    """Return the columns of `table` that a named tuple has fields for, under names of their own."""
    return [table.c[name].label(f"{table.name}_{name}") for name in kind._fields]


def split(row: Sequence[Any], kinds: Iterable[Any]) -> Iterator[Any]:
    """Yield a row's parts as named tuples, in order; None where the first field of one is null.

    What is joined from outside and not there has no id, which is the first field of each.
    """
    at = 0
    for kind in kinds:
        part = row[at : at + len(kind._fields)]
        at += len(part)
        yield None if part[0] is None else kind._make(part)

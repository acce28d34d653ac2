"""Statements written with SQLAlchemy and compiled once; their rows are read as they are.

Finding the compiled form of a statement again, and building the objects that a session keeps, took
a millisecond for each statement of a page: more than PostgreSQL took for all of them. What was
compiled goes to the driver as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import psycopg
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    CompoundSelect,
    Connection,
    Dialect,
    Insert,
    Select,
    String,
    Update,
    any_,
    cast,
    literal_column,
)
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.selectable import NamedFromClause
from sqlalchemy.types import TypeEngine

from dashboard.extensions import READS, db

# With named parameters a percent sign is one, and not the beginning of a place.
_DIALECT: Dialect = PGDialect_psycopg(paramstyle="named")  # type: ignore[no-untyped-call]  # SQLAlchemy's own


# How the place of a value is marked in a query until it has its number.
_PLACE = re.compile("\x1a(\\w+)\x1a")
_BRACES = re.compile(r"\{(\w+)\}")


class Statement:
    """A query whose values are given with each execution, under the names of its `parameter`s.

    Or a writing. Constants are part of its text, so that PostgreSQL sees that a partial index fits.
    It goes past the session, which writes nothing of its own before. What is no expression is text
    with its values in braces.
    """

    def __init__(
        self,
        query: Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]] | Insert | Update | str,
    ) -> None:
        self._query = query

    def rows(self, **values: object) -> list[tuple[Any, ...]]:
        """Return what the query finds, or the writing returns if anything; in this transaction."""
        return self.rows_on(db.session.connection(), values)

    def rows_on(
        self, connection: Connection, values: Mapping[str, object]
    ) -> list[tuple[Any, ...]]:
        """Return them, asked on a connection that no session has."""
        sql, names = self._written
        return fetched(connection, sql, [values[name] for name in names])

    def row(self, **values: object) -> tuple[Any, ...] | None:
        """Return the first row, None if there is none."""
        return next(iter(self.rows(**values)), None)

    @cached_property
    def _written(self) -> tuple[str, list[str]]:
        """The query as PostgreSQL reads it, and the names of its values in order."""
        if isinstance(self._query, str):
            place, written = _BRACES, self._query
        else:
            made = self._query.compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True})
            place, written = _PLACE, str(made)
        names = list(dict.fromkeys(place.findall(written)))
        return place.sub(lambda one: f"${names.index(one[1]) + 1}", written), names


def fetched(connection: Connection, sql: str, values: list[object]) -> list[tuple[Any, ...]]:
    """Return the rows as the driver has them, which is as SQLAlchemy would hand them on.

    It takes three times as long to look at each column of each answer. Its listeners and its errors
    are kept.
    """
    driver: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]  # psycopg's
    heard = connection.dispatch
    with psycopg.RawCursor(driver) as cursor:
        for told in heard.before_cursor_execute:
            told(connection, cursor, sql, values, None, False)
        try:
            cursor.execute(sql, values)
            # To ask for the description would make an object of each column.
            result = cursor.pgresult
            rows = cursor.fetchall() if result is not None and result.nfields else []
        except psycopg.Error as error:
            raise _failed(connection, sql, error) from error
        for told in heard.after_cursor_execute:
            told(connection, cursor, sql, values, None, False)
    return rows


def _failed(connection: Connection, sql: str, error: psycopg.Error) -> BaseException:
    """Return what SQLAlchemy raises for `error`; a connection that is lost is given up."""
    is_lost = connection.dialect.is_disconnect(error, connection.connection, None)  # type: ignore[arg-type]  # psycopg's
    if is_lost:
        connection.invalidate(error)
    return DBAPIError.instance(
        sql, None, error, psycopg.Error, connection_invalidated=is_lost, dialect=connection.dialect
    )


def parameter(name: str, kind: TypeEngine[Any] | type[TypeEngine[Any]]) -> ColumnElement[Any]:
    """Return the place of a value that is given with each execution.

    A text is a text, however long: told as of a column's length, one that is too long would be cut
    where the column refuses it.
    """
    of = kind if isinstance(kind, TypeEngine) else kind()
    return cast(literal_column(f"\x1a{name}\x1a"), String() if isinstance(of, String) else of)


def any_of(values: Iterable[object], kind: type[TypeEngine[Any]]) -> ColumnElement[Any]:
    """Return what a column is compared with, `==`, to be one of the values.

    As an array: the text is the same however many there are, and is planned once.
    """
    return any_(cast(list(values), ARRAY(kind)))


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

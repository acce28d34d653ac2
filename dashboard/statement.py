"""Statements written with SQLAlchemy and compiled once; their rows are read as they are.

Finding the compiled form of a statement again, and building the objects that a session keeps, took
a millisecond for each statement of a page: more than PostgreSQL took for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Dialect, Row, Select, bindparam
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.sql.selectable import NamedFromClause
from sqlalchemy.types import TypeEngine

from dashboard.extensions import db

_DIALECT: Dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]  # SQLAlchemy's own


class Statement:
    """A query whose parameters are named by its `bindparam`s."""

    def __init__(self, query: Select[*tuple[Any, ...]]) -> None:
        self._query = query

    def rows(self, **parameters: object) -> Sequence[Row[Any]]:
        """Return what the query finds in the present transaction."""
        text, constants = self._written
        return db.session.connection().exec_driver_sql(text, constants | parameters).all()

    def row(self, **parameters: object) -> Row[Any] | None:
        """Return the one row, None if there is none."""
        return next(iter(self.rows(**parameters)), None)

    @cached_property
    def _written(self) -> tuple[str, dict[str, Any]]:
        written = self._query.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
        return str(written), dict(written.params)


def parameter(name: str, kind: TypeEngine[Any] | type[TypeEngine[Any]]) -> BindParameter[Any]:
    """Return the place of a value that is given with each execution."""
    return bindparam(name, type_=kind, required=False)


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

"""Read a stretch of a list from a query: the rows from a place on, along the index of its order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Select, SQLColumnExpression, tuple_

from dashboard.extensions import db
from dashboard.paging import Asked, NoSuchPage, Place, Stretch, Turn, stretch_of

Query = TypeVar("Query", bound=Select[Any])
Row = TypeVar("Row")
Column = SQLColumnExpression


class Key(NamedTuple):
    """By what a query's rows are in order: a column and the id, or the id alone.

    `read` makes of a place's text what the column is compared with, None of what it cannot be.
    """

    id: Column[int]
    column: Column[Any] | None = None
    read: Callable[[str], object | None] = str

    @property
    def columns(self) -> tuple[Column[Any], ...]:
        """What rows are compared by."""
        return (self.id,) if self.column is None else (self.column, self.id)

    def values(self, place: Place) -> tuple[object, ...] | None:
        """Return what they are compared with at a place; None where it is none of this list."""
        if self.column is None:
            return (place.id,)
        value = self.read(place.value)
        return None if value is None else (value, place.id)


def in_order(query: Query, key: Key, turn: Turn) -> Query:
    """Return the query from the place of the turn on, nearest first; the caller limits it.

    Raises `NoSuchPage` for a place that is none of this list.
    """
    if turn.place is not None:
        values = key.values(turn.place)
        if values is None:
            raise NoSuchPage
        here, there = tuple_(*key.columns), tuple_(*values)
        query = query.where(here < there if turn.is_back else here > there)
    return query.order_by(*(one.desc() if turn.is_back else one for one in key.columns))


def instant_at(text: str) -> datetime | None:
    """Return the instant that a place holds, None where it holds none."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read if read.tzinfo else None


def read_log(query: Select[Row], key: Column[int], asked: Asked, *, size: int) -> Stretch[Row]:
    """Return some rows of a log, each an object with an `id`, in the order in which they came."""
    rows = db.session.scalars(in_order(query, Key(key), asked.turn).limit(size + 1)).all()
    return log_of(rows, asked, size=size)


def log_of(rows: Sequence[Row], asked: Asked, *, size: int) -> Stretch[Row]:
    """Return the stretch of a log from rows that were read with one to spare."""
    places = [Place("", row.id) for row in rows]  # type: ignore[attr-defined]  # every log row has one
    return stretch_of(rows, places, asked.turn, size=size, is_falling=asked.sort.is_falling)

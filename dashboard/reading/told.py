"""Rows that PostgreSQL tells as one JSON text: a third of what the driver takes to make rows.

Decimals are text in it and instants whole microseconds, so that both stay exact and no zone is
asked for. And what was made of a text can be kept under that text: see `items`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import BigInteger, ColumnElement, DateTime, Numeric, Text, cast, extract, func

Row = TypeVar("Row", bound=NamedTuple)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def told(columns: Iterable[ColumnElement[Any]]) -> ColumnElement[Any]:
    """Return a row of these columns as one JSON array."""
    return func.json_build_array(*map(_told, columns))


def _told(column: ColumnElement[Any]) -> ColumnElement[Any]:
    if isinstance(column.type, DateTime):
        return cast(extract("epoch", column) * 1_000_000, BigInteger)
    return cast(column, Text) if isinstance(column.type, Numeric) else column


def _instant(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


_READS: dict[str, Callable[[Any], object]] = {"datetime": _instant, "Decimal": Decimal}


class Told(Generic[Row]):
    """Makes named tuples of one kind of the values that a text tells."""

    def __init__(self, kind: type[Row]) -> None:
        self._make: Callable[[Iterable[Any]], Row] = kind._make
        self._read = [
            (at, read)
            for at, annotation in enumerate(kind.__annotations__.values())
            for name, read in _READS.items()
            if name in str(annotation)
        ]

    def __call__(self, values: Sequence[Any]) -> Row:
        """Return the named tuple of as many values as it has fields."""
        found = list(values)
        for at, read in self._read:
            if found[at] is not None:
                found[at] = read(found[at])
        return self._make(found)

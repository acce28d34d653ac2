"""Write many rows of one table by one statement, each with values of its own.

The statements are composed once for each set of columns: composed anew, and flushed object by
object, the rows of a batch took a sixth of its time.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Insert,
    TableValuedAlias,
    Text,
    Update,
    cast,
    column,
    func,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSON as PG_JSON
from sqlalchemy.orm.attributes import set_committed_value

from dashboard.extensions import Model, db
from dashboard.statement import Statement, parameter

Names = tuple[str, ...]


def update_each(
    kind: type[Model], rows: Sequence[Mapping[str, Any]], same: Mapping[str, Any] | None = None
) -> None:
    """Set the columns that `rows` name to their values, row by row by `id`, and `same` in all.

    All of them name the same columns. The rows are locked, or nobody else changes them.
    """
    if rows:
        _update(kind, tuple(rows[0]), tuple(same or ())).rows(rows=_document(rows), **(same or {}))


def write_changes(rows: Collection[Model]) -> None:
    """Write what was changed in memory of these rows of one table, which are locked.

    What is JSON is left to the session's own flush, which tells its null from none at all.
    """
    changed = {one: changed_columns(one) for one in rows}
    names = {one.name for columns in changed.values() for one in columns}
    if not names or any(isinstance(one.type, JSON) for each in changed.values() for one in each):
        return
    written = [one for one, columns in changed.items() if columns]
    values = [{name: getattr(one, name) for name in ("id", *sorted(names))} for one in written]
    update_each(type(written[0]), values)
    for one in written:
        for name in names:
            set_committed_value(one, name, getattr(one, name))


def write_new(kind: type[Model]) -> None:
    """Insert the rows of this table that the session was given, and let go of them.

    Where nobody needs them any more. Each has all its values, but for the `id`.
    """
    new = [one for one in db.session.new if isinstance(one, kind)]
    if not new:
        return
    names = tuple(one.key for one in inspect(kind).columns if one.key != "id")
    _insert(kind, names).rows(rows=_document([_values(one, names) for one in new]))
    for one in new:
        db.session.expunge(one)


def changed_columns(row: Model) -> list[Column[Any]]:
    """Return the columns that were set since the row was read."""
    state = inspect(row)
    columns = state.mapper.columns
    return [columns[name] for name in set(columns.keys()) - state.unmodified]


def _values(row: Model, names: Names) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _document(rows: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps(rows, default=str)


@cache
def _update(kind: type[Model], names: Names, same: Names) -> Statement:
    table = kind.__table__.c
    source = _told(kind, names)
    values: dict[str, ColumnElement[Any]] = {name: source.c[name] for name in names if name != "id"}
    values |= {name: parameter(name, table[name].type) for name in same}
    query: Update = update(kind).where(table.id == source.c.id).values(values)
    return Statement(query)


@cache
def _insert(kind: type[Model], names: Names) -> Statement:
    source = _told(kind, names)
    # In the order in which the session was given them.
    query: Insert = insert(kind).from_select(names, select(*(source.c[name] for name in names)))
    return Statement(query)


def _told(kind: type[Model], names: Names) -> TableValuedAlias:
    """Return the rows of the document that a statement is given."""
    columns = [column(name, kind.__table__.c[name].type) for name in names]
    document = cast(parameter("rows", Text), PG_JSON)
    return func.json_to_recordset(document).table_valued(*columns).render_derived(with_types=True)

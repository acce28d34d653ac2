"""Change many rows of one table by one statement, each to values of its own."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import JSON, Column, Text, bindparam, cast, column, func, inspect, update
from sqlalchemy.dialects.postgresql import JSON as PG_JSON
from sqlalchemy.orm.attributes import set_committed_value

from dashboard.extensions import Model, db


def update_each(
    kind: type[Model], rows: Sequence[Mapping[str, Any]], same: Mapping[str, Any] | None = None
) -> None:
    """Set the columns that `rows` name to their values, row by row by `id`, and `same` in all.

    All of them name the same columns. The rows are locked, or nobody else changes them.
    """
    if not rows:
        return
    table = kind.__table__.c
    columns = [column(name, table[name].type) for name in rows[0]]
    told = cast(bindparam("rows", type_=Text), PG_JSON)
    source = func.json_to_recordset(told).table_valued(*columns).render_derived(with_types=True)
    values = {name: source.c[name] for name in rows[0] if name != "id"}
    statement = update(kind).where(table.id == source.c.id).values(values | dict(same or {}))
    db.session.connection().execute(statement, {"rows": json.dumps(rows, default=str)})


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


def changed_columns(row: Model) -> list[Column[Any]]:
    """Return the columns that were set since the row was read."""
    state = inspect(row)
    columns = state.mapper.columns
    return [columns[name] for name in set(columns.keys()) - state.unmodified]

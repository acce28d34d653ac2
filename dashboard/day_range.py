"""A range of UTC days in a log whose rows are numbered about in the order of their instants."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

# Rows are numbered in the order of their instants, but for those of transactions that took long.
OUT_OF_ORDER = timedelta(hours=1)
Query = TypeVar("Query", bound=Select[Any])


def within(
    query: Query,
    at: InstrumentedAttribute[datetime],
    first: date | None,
    last: date | None,
) -> Query:
    """Keep the rows of a log whose `at` is on these days, both included; None is open.

    The log is read by id, newest first. The id beside which a day begins is looked up by the index
    on `at`, so that nothing newer than the range is read and thrown away.
    """
    log: Any = at.class_
    other = aliased(log)
    when = getattr(other, at.key)
    number = log.id
    if first:
        begins = _midnight(first)
        nearest = select(other.id).where(when >= begins - OUT_OF_ORDER)
        query = query.where(
            at >= begins, number >= nearest.order_by(when).limit(1).scalar_subquery()
        )
    if last:
        ends = _midnight(last) + timedelta(days=1)
        nearest = select(other.id).where(when < ends + OUT_OF_ORDER)
        query = query.where(
            at < ends, number <= nearest.order_by(when.desc()).limit(1).scalar_subquery()
        )
    return query


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)

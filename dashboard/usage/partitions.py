"""Monthly partitions of the usage records, made ahead of time."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from dateutil.relativedelta import relativedelta
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from dashboard.extensions import db

# Late usage reaches back this far; older months would only be empty tables.
MONTHS_BACK = 2
_LOCK = 0x5553_4147  # any number of our own: two schedulers may run this at once


# All that making a partition locks, the table that its foreign key refers to included. Others take
# these in any order, so the wait is shorter than PostgreSQL's second before it looks for a deadlock
# and ends one of the two: it is always this one that lets go.
PATIENCE = text("set local lock_timeout = '300ms'")
LOCK_ALL = (
    text("lock table organizations in share row exclusive mode"),
    text("lock table usage_records in access exclusive mode"),
)
TRIES = 20
EXISTS = text("select to_regclass(:name) is not null")
# With the rights of the tables' owner: the role that records usage need not be it.
MAKE = text("select make_usage_partition(:month)")


def ensure_partitions(
    now: datetime, months_ahead: int = 3, *, pause: Callable[[float], None] = time.sleep
) -> list[str]:
    """Make the partitions from two months back to `months_ahead`; return the names of new ones.

    Records that came before their month's partition lie in the default one and are moved over.
    Raises `OperationalError` when the tables are busy all the time: another time will do.
    """
    db.session.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    months = [first + relativedelta(months=k) for k in range(-MONTHS_BACK, months_ahead + 1)]
    missing = [month for month in months if not db.session.scalar(EXISTS, {"name": _name(month)})]
    if missing:
        _lock_all(pause)
    return [str(db.session.scalar(MAKE, {"month": month})) for month in missing]


def _lock_all(pause: Callable[[float], None]) -> None:
    db.session.execute(PATIENCE)
    for attempt in range(1, TRIES + 1):
        try:
            with db.session.begin_nested():
                for statement in LOCK_ALL:
                    db.session.execute(statement)
        except OperationalError:
            if attempt == TRIES:
                raise
            pause(0.2)
        else:
            return


def _name(month: datetime) -> str:
    return f"usage_records_{month:%Y_%m}"

"""The runs of the last day: added up minute by minute as they end, as they are too many to count.

The clock adds up what has ended. What it has not come to yet is counted by whoever looks, so the
sums are of now, and of a clock that stands still nobody notices more than a slower page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.extensions import Model, db
from dashboard.sync.models import SyncRun

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
# A run that has ended shows a moment later, when it is committed: these are added up anew.
UNSURE = 5 * MINUTE
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


class RunTally(Model):
    """How the runs ended that did so within a minute, and the calls they made."""

    __tablename__ = "run_tallies"

    minute: Mapped[datetime] = mapped_column(primary_key=True)
    succeeded: Mapped[int]
    failed: Mapped[int]
    calls: Mapped[int]


@dataclass(frozen=True, slots=True)
class RunCounts:
    """Runs that ended within the last day and the calls they made."""

    succeeded: int
    failed: int
    calls: int


def run_counts(*, now: datetime) -> RunCounts:
    """Return the sums of the last day: what was added up, and what has ended since."""
    known = _edge(now)
    rows = (
        select(RunTally.succeeded, RunTally.failed, RunTally.calls)
        .where(RunTally.minute >= now - DAY, RunTally.minute < known)
        .union_all(select(*_sums()).where(SyncRun.finished_at >= known))
        .subquery()
    )
    sums = [func.coalesce(func.sum(column), 0) for column in rows.columns]
    return RunCounts(*map(int, db.session.execute(select(*sums)).one()))


def tally(*, now: datetime) -> None:
    """Add up, minute by minute, what has ended since the last time; forget what is over a day."""
    minute = func.date_bin(MINUTE, SyncRun.finished_at, EPOCH).label("minute")
    ended = select(minute, *_sums()).where(SyncRun.finished_at >= _edge(now)).group_by(minute)
    columns = ("succeeded", "failed", "calls")
    written = insert(RunTally).from_select(["minute", *columns], ended)
    values = {name: written.excluded[name] for name in columns}
    db.session.execute(written.on_conflict_do_update(index_elements=["minute"], set_=values))
    db.session.execute(delete(RunTally).where(RunTally.minute < now - 2 * DAY))


def _edge(now: datetime) -> datetime:
    """Return the minute from which on nothing is surely added up."""
    last = db.session.scalar(select(func.max(RunTally.minute)))
    return max(now - DAY, last - UNSURE) if last else now - DAY


def _sums() -> list[ColumnElement[int]]:
    return [
        func.count().filter(SyncRun.state == "succeeded").label("succeeded"),
        func.count().filter(SyncRun.state == "failed").label("failed"),
        func.coalesce(func.sum(SyncRun.calls_made), 0).label("calls"),
    ]

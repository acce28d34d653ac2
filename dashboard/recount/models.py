"""How far a recount of every organization is, and what it found."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.extensions import Model


class LedgerRun(Model):
    """A recount of every organization, by the clock or by `flask ledger verify`.

    `place` is the id of the last organization that was worked out: whoever is killed loses one.
    """

    __tablename__ = "ledger_runs"
    __table_args__ = (
        # One by the clock and one by the command, at the most.
        Index(
            "uq_ledger_runs_open", "is_of_clock", unique=True,
            postgresql_where=text("ended_at is null"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    is_of_clock: Mapped[bool]
    # How many organizations there were when it began.
    total: Mapped[int]
    looked: Mapped[int] = mapped_column(default=0)
    records: Mapped[int] = mapped_column(default=0)
    items: Mapped[int] = mapped_column(default=0)
    differences: Mapped[int] = mapped_column(default=0)
    place: Mapped[int] = mapped_column(default=0)
    begun_at: Mapped[datetime]
    moved_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class LedgerDifference(Model):
    """A difference that a run of the command found, as it is told."""

    __tablename__ = "ledger_differences"
    __table_args__ = (Index("ix_ledger_differences_run_id", "run_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("ledger_runs.id", ondelete="CASCADE"))
    # No foreign key, as of what invariants found.
    organization_id: Mapped[int]
    told: Mapped[str] = mapped_column(Text)

"""When nothing is finalized, and who said so."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.extensions import Model


class ClosingPause(Model):
    """A time in which no bill is finalized: until its end, or until somebody ended it before.

    One is open at a time; one whose time has come holds nothing, ended or not.
    """

    __tablename__ = "closing_pauses"
    __table_args__ = (
        Index(
            "uq_closing_pauses_open", text("(true)"), unique=True,
            postgresql_where=text("ended_at is null"),
        ),
        CheckConstraint("until_at > begun_at", name="until"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    begun_at: Mapped[datetime]
    begun_by: Mapped[str] = mapped_column(String(200))
    until_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(200))

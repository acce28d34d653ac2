"""What a rehearsal of a day's closes said, kept until it can be held against what happened."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.extensions import Model


class CloseRehearsal(Model):
    """A look at every bill whose period ends on a UTC day, slice by slice; one goes on at a time.

    `place` is the id of the last invoice that was planned; `failed` could not be.
    """

    __tablename__ = "close_rehearsals"
    __table_args__ = (
        Index(
            "uq_close_rehearsals_open", text("(true)"), unique=True,
            postgresql_where=text("ended_at is null"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date]
    # Who asked for it; none for one of the clock's.
    asked_by: Mapped[str | None] = mapped_column(String(200))
    total: Mapped[int]
    looked: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    place: Mapped[int] = mapped_column(default=0)
    begun_at: Mapped[datetime]
    moved_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class RehearsedBill(Model):
    """What the rehearsal said of one bill: amounts in cents of its currency, and calls to Stripe.

    `would_hold` is the code of what would hold it, with its sentence; `anomalies` are their names.
    """

    __tablename__ = "rehearsed_bills"

    rehearsal_id: Mapped[int] = mapped_column(
        ForeignKey("close_rehearsals.id", ondelete="cascade"), primary_key=True, autoincrement=False
    )
    # No foreign keys: it is of the past, whatever becomes of the bill.
    invoice_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    organization_id: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    total_cents: Mapped[int]
    expected_cents: Mapped[int]
    before_cents: Mapped[int | None]
    calls: Mapped[int]
    would_hold: Mapped[str | None] = mapped_column(String(40))
    why: Mapped[str | None] = mapped_column(Text)
    anomalies: Mapped[list[str]] = mapped_column(JSONB, default=list)

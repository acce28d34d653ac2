"""One row for each thing that needs a person, from when it was found until it is settled."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.extensions import Model

OPEN = text("settled_at is null")


class Need(Model):
    """Something of a kind (`dashboard.needs.kinds`) that a person is to see to.

    `subject` names the row or the part of the machine that it is about. `stake_cents` is the money
    that depends on it, in minor units of `currency`; `weight` is the same in hundredths of any
    currency, only to sort by. `facts` are what its sentence is made of.
    """

    __tablename__ = "needs"
    __table_args__ = (
        # However many clocks look at once.
        Index("uq_needs_open", "kind", "subject", unique=True, postgresql_where=OPEN),
        Index(
            "ix_needs_by_stake", text("weight desc"), "since", "id", postgresql_where=OPEN
        ),
        Index(
            "ix_needs_settled_at", "settled_at",
            postgresql_where=text("settled_at is not null"),
        ),
        CheckConstraint("(stake_cents is null) = (currency is null)", name="stake"),
        CheckConstraint("settled_by is null or settled_at is not null", name="settled"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(80))
    # No foreign keys: whoever adds rows for many organizations would hold each of these meanwhile
    # (docs/decisions/lock-order.md), and neither they nor people are ever deleted.
    organization_id: Mapped[int | None]
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    stake_cents: Mapped[int | None]
    currency: Mapped[str | None] = mapped_column(String(3))
    weight: Mapped[int] = mapped_column(default=0)
    since: Mapped[datetime]
    found_at: Mapped[datetime]
    # Rises with every change of the row: what a page is told changes by.
    changed_at: Mapped[datetime]
    owner_id: Mapped[int | None]
    snoozed_until: Mapped[datetime | None]
    note: Mapped[str | None] = mapped_column(Text)
    settled_at: Mapped[datetime | None]
    # Whoever did what settled it; none where it settled by itself.
    settled_by: Mapped[str | None] = mapped_column(String(200))

"""What looks found, kept until it holds again and for a while, and how far each round is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.extensions import Model


class InvariantFinding(Model):
    """An invariant that does not hold of an organization, from when it was seen until it does.

    Seen once it may be a moment between two writes, so it counts from when a second look confirms
    it. `places` is how many there are; `examples` are the first of them: {"subject", "text",
    "sequence" of the invoice or null}.
    """

    __tablename__ = "invariant_findings"
    __table_args__ = (
        Index(
            "uq_invariant_findings_open", "organization_id", "invariant", unique=True,
            postgresql_where=text("cleared_at is null"),
        ),
        Index(
            "ix_invariant_findings_seen", "last_seen_at",
            postgresql_where=text("cleared_at is null"),
        ),
        Index(
            "ix_invariant_findings_cleared_at", "cleared_at",
            postgresql_where=text("cleared_at is not null"),
        ),
        CheckConstraint("places > 0", name="places"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    invariant: Mapped[str] = mapped_column(String(40))
    # No foreign key, as of what needs a person: see `dashboard.needs.models`.
    organization_id: Mapped[int]
    places: Mapped[int]
    examples: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    cleared_at: Mapped[datetime | None]


class InvariantRound(Model):
    """A look at every organization, slice by slice: by the clock, or of one invariant for a person.

    `place` is the id of the last organization that was looked at; `invariants` are the names of
    those it looks at, as there were when it began.
    """

    __tablename__ = "invariant_rounds"
    __table_args__ = (
        Index("ix_invariant_rounds_open", "id", postgresql_where=text("ended_at is null")),
        Index("ix_invariant_rounds_ended_at", "ended_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    invariants: Mapped[list[str]] = mapped_column(JSONB)
    # Who asked for it; none for one of the clock's.
    asked_by: Mapped[str | None] = mapped_column(String(200))
    # How many organizations there were when it began.
    total: Mapped[int]
    looked: Mapped[int] = mapped_column(default=0)
    # How many places it found, confirmed or not.
    found: Mapped[int] = mapped_column(default=0)
    place: Mapped[int] = mapped_column(default=0)
    begun_at: Mapped[datetime]
    moved_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

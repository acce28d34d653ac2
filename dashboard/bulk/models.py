"""A bulk action and its members: who wants what done to which rows, its progress, what failed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.audit.actor import Actor
from dashboard.extensions import Model


class BulkAction(Model):
    """One verb on many rows; the counts are those of its members, kept as they move."""

    __tablename__ = "bulk_actions"
    __table_args__ = (
        Index("ix_bulk_actions_open", "id", postgresql_where=text("finished_at is null")),
        CheckConstraint("asked >= 0 and done >= 0 and failed >= 0", name="counts"),
        CheckConstraint("asked + done + failed <= total", name="total"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    verb: Mapped[str] = mapped_column(String(20))
    # Of which rows it was asked: {"words", "query"}, as a person and as the list's address has it.
    wanted: Mapped[dict[str, Any]] = mapped_column(JSONB)
    reason: Mapped[str] = mapped_column(Text)
    actor_kind: Mapped[str] = mapped_column(String(10))
    actor_id: Mapped[int | None]
    actor_label: Mapped[str] = mapped_column(String(200))
    # The act whose failed members it tries again.
    retries_id: Mapped[int | None] = mapped_column(ForeignKey("bulk_actions.id"))
    total: Mapped[int] = mapped_column(default=0)
    # Begun and not ended; a worker has it, or it waits for one.
    asked: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    canceled_at: Mapped[datetime | None]
    canceled_by: Mapped[str | None] = mapped_column(String(200))
    finished_at: Mapped[datetime | None]

    @property
    def actor(self) -> Actor:
        """Who asked for it."""
        return Actor(self.actor_kind, self.actor_id, self.actor_label)  # type: ignore[arg-type]  # kept as it came

    @property
    def waiting(self) -> int:
        """How many members were not begun."""
        return self.total - self.asked - self.done - self.failed

    @property
    def state(self) -> str:
        """In progress, canceling, canceled, done or done with failures, in one word."""
        if self.finished_at is None:
            return "canceling" if self.canceled_at else "working"
        if self.canceled_at:
            return "canceled"
        return "failures" if self.failed else "done"


class BulkMember(Model):
    """One row that an act is to reach, by the act's own kind of id."""

    __tablename__ = "bulk_members"
    __table_args__ = (
        UniqueConstraint("act_id", "subject_id"),
        Index("ix_bulk_members_act_id_state_id", "act_id", "state", "id"),
        CheckConstraint("state in ('waiting', 'asked', 'done', 'failed')", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    act_id: Mapped[int] = mapped_column(ForeignKey("bulk_actions.id"))
    # An invoice or an event, as the verb has it; it may be forgotten before the act is.
    subject_id: Mapped[int]
    organization_id: Mapped[int | None]
    state: Mapped[str] = mapped_column(String(10), default="waiting", server_default="waiting")
    # The sync that was asked for.
    run_id: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(Text)

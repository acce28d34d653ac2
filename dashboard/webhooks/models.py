"""The inbox: every event Stripe sent, once, with what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import CheckConstraint, Index, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.extensions import Model

STATES = ("received", "processing", "processed", "ignored", "failed", "dead", "unreadable")
UNDONE = ("received", "processing", "failed", "dead", "unreadable")


class Claimed(NamedTuple):
    """An event that a batch took, with what its handler may ask for."""

    id: int
    stripe_event_id: str
    type: str
    object_id: str | None
    idempotency_key: str | None
    api_version: str | None
    livemode: bool
    created_at: datetime
    # Without the lines of an invoice: they are most of an event, and no handler looks at them.
    payload: dict[str, Any]


class WebhookEvent(Model):
    """One event; stored before it is answered, processed afterwards by a job."""

    __tablename__ = "webhook_events"
    __table_args__ = (
        Index(
            "ix_webhook_events_pending", "next_attempt_at",
            postgresql_where=text("state in ('received', 'processing', 'failed')"),
        ),
        Index("ix_webhook_events_state_id", "state", "id"),
        Index("ix_webhook_events_object_id", "object_id"),
        # A type is looked for by how it begins, whatever the order of letters is in this database.
        Index(
            "ix_webhook_events_type_id", "type", "id",
            postgresql_ops={"type": "varchar_pattern_ops"},
        ),
        Index(
            "ix_webhook_events_in_work", "about", postgresql_where=text("state = 'processing'"),
        ),
        # Of what is ours by Stripe's names, without echoes, which are most of what Stripe sends.
        Index(
            "ix_webhook_events_timeline", "about", "received_at", "id",
            postgresql_where=text("about is not null and state <> 'ignored'"),
        ),
        CheckConstraint(
            "state in ('received', 'processing', 'processed', 'ignored', 'failed', 'dead', "
            "'unreadable')",
            name="state",
        ),
        CheckConstraint("source in ('webhook', 'backfill')", name="source"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    stripe_event_id: Mapped[str] = mapped_column(String(64), unique=True)
    type: Mapped[str] = mapped_column(String(80))
    object_id: Mapped[str | None] = mapped_column(String(64))
    # Stripe's name for what its handler will hold, by which workers divide events among them.
    about: Mapped[str | None] = mapped_column(String(64))
    organization_id: Mapped[int | None]
    # The key of the call that caused it: ours can be told from a person's in Stripe's dashboard.
    idempotency_key: Mapped[str | None] = mapped_column(String(255))
    api_version: Mapped[str | None] = mapped_column(String(40))
    livemode: Mapped[bool] = mapped_column(default=False)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    # What was signed and is no event: its text, as it came. The payload is empty then.
    raw: Mapped[str | None] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(10), default="webhook")
    created_at: Mapped[datetime]
    received_at: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(String(12), default="received")
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None]
    claimed_at: Mapped[datetime | None]
    # The worker that has it while it is in processing.
    claimed_by: Mapped[str | None] = mapped_column(String(120))
    handled_at: Mapped[datetime | None]
    # One sentence: what it did, or why it was ignored.
    result: Mapped[str | None] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(Text)

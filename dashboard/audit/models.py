"""The audit trail: who did what to what, why, and what it changed; rows are never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.extensions import Model


class AuditEntry(Model):
    """One act; a trigger in the database refuses UPDATE and DELETE."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        CheckConstraint("actor_kind in ('user', 'token', 'system', 'stripe')", name="actor_kind"),
        Index("ix_audit_entries_organization_id_id", "organization_id", "id"),
        # Looked for by how it begins, whatever the order of letters is in this database.
        Index(
            "ix_audit_entries_action_and_id", "action", "id",
            postgresql_ops={"action": "varchar_pattern_ops"},
        ),
        Index("ix_audit_entries_actor_label_id", "actor_label", "id"),
        # A timeline reads by time, and finds what is rare in it without a look at the rows.
        Index(
            "ix_audit_entries_timeline", "organization_id", "at", "id",
            postgresql_include=["action"],
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    action: Mapped[str] = mapped_column(String(60))
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int | None]
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"))
    actor_kind: Mapped[str] = mapped_column(String(10))
    actor_id: Mapped[int | None]
    actor_label: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str | None] = mapped_column(Text)
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    request_id: Mapped[str | None] = mapped_column(String(64))

"""Notes of support on an organization: written once, never changed, never shown to the customer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.extensions import Model


class OrganizationNote(Model):
    """What somebody of us wrote down; a trigger lets nothing change but whether it is pinned."""

    __tablename__ = "organization_notes"
    __table_args__ = (
        Index("ix_organization_notes_timeline", "organization_id", "created_at", "id"),
        Index(
            "ix_organization_notes_pinned", "organization_id",
            postgresql_where=text("pinned_at is not null"),
        ),
        CheckConstraint("(pinned_at is null) = (pinned_by is null)", name="pinned"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    text: Mapped[str] = mapped_column(Text)
    # Made with the form: the same one sent twice is one note.
    key: Mapped[str] = mapped_column(String(64), unique=True)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    author_label: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    pinned_at: Mapped[datetime | None]
    pinned_by: Mapped[str | None] = mapped_column(String(200))

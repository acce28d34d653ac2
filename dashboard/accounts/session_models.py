"""Sessions: where people are signed in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.extensions import Model


class UserSession(Model):
    """Somebody is signed in, in one browser, until it is ended or too old; a secret opens it."""

    __tablename__ = "user_sessions"
    __table_args__ = (
        Index("ix_user_sessions_open", "user_id", postgresql_where=text("ended_at is null")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    # How somebody signed in: one of `METHODS`.
    method: Mapped[str] = mapped_column(String(24))
    # The second factor that was shown in it, one of `FACTORS`; None for none yet.
    factor: Mapped[str | None] = mapped_column(String(16))
    # In words, such as "Firefox on Windows"; and where from, as far as that is known.
    device: Mapped[str] = mapped_column(String(80))
    address: Mapped[str | None] = mapped_column(String(45))
    created_at: Mapped[datetime]
    # When a person last asked for something by it, to the minute; a page's own polls do not count.
    last_seen_at: Mapped[datetime]
    # When they last showed who they are.
    proved_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    # The organization whose pages one of us sees as its customer does, by its slug.
    viewing: Mapped[str | None] = mapped_column(String(63))
    # The fields of a form that was typed before and is to be shown again: pairs.
    typed: Mapped[list[list[str]] | None] = mapped_column(JSONB(none_as_null=True))

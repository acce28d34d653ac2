"""What somebody shows beside a password: codes of an app, passkeys, and codes on paper."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.extensions import Model


class CodeApp(Model):
    """An app that shows a code for each half minute, made of a secret that it shares with us."""

    __tablename__ = "code_apps"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    # Sealed with a key that is not in the database.
    secret: Mapped[str] = mapped_column(Text)
    # The half minute whose code was used last: none counts twice, and no older one counts.
    used_step: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]


class Passkey(Model):
    """A key pair in a device or a password manager; we keep the public half."""

    __tablename__ = "passkeys"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    # By which the device finds it, and we do.
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int]
    name: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class RecoveryCode(Model):
    """A code on paper for when app and passkeys are lost; it counts once, and a hash is kept."""

    __tablename__ = "recovery_codes"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

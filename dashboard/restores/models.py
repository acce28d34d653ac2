"""The ledger's mark, the restores that were noticed, and what each of them left apart."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Select,
    SmallInteger,
    String,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.extensions import Model

Rows = TypeVar("Rows", bound=Select[*tuple[Any, ...]])


def held_for_change(query: Rows) -> Rows:
    """Return `query` such that it holds what it reads of here, as it is now, until the commit.

    These rows belong to no organization and stand outside of the order of its locks: whoever holds
    one takes that first, and no other lock before it.
    """
    return query.execution_options(populate_existing=True).with_for_update(key_share=True)


class LedgerMark(Model):
    """The one row that says what this ledger is: its history, and its last mark at Stripe.

    Each mark at Stripe bears a name of its own and takes the one before it away. So one that is
    there and that the ledger does not know was written by a ledger that knew more.
    """

    __tablename__ = "ledger_marks"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, server_default=text("1"))
    # Which history of PostgreSQL's it is written in: a promotion begins another.
    history: Mapped[str | None] = mapped_column(String(64))
    # Stripe's name of the customer that bears the mark, and the key that it was made with.
    stripe_id: Mapped[str | None] = mapped_column(String(64))
    made_by: Mapped[str | None] = mapped_column(String(64))
    # Which installation it is kept for: a copy that became another one leaves the original's alone.
    identity: Mapped[str | None] = mapped_column(String(36))
    # The names that may be there: those whose fate is not known, and the last that was confirmed.
    names: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    # The name whose fate is not known, of which call it speaks, and when it was first sent. It is
    # sent again with the same key: another name for each failure would leave no end of them.
    pending: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    # Whether it was released before it was read: what the next reply shows is known then.
    accepts: Mapped[bool] = mapped_column(server_default=text("false"))
    # Up to which call the last mark speaks, and until when it was known that nothing is lost.
    step_id: Mapped[int] = mapped_column(server_default=text("0"))
    confirmed_at: Mapped[datetime | None]
    # When the clock last saw it: what was committed by then is in it.
    alive_at: Mapped[datetime | None]
    # While it is set nothing is closed, and nothing written at Stripe.
    held_at: Mapped[datetime | None]
    held_why: Mapped[str | None] = mapped_column(Text)
    # Nothing is known to be lost: it stood still, and its mark was not read since.
    is_comparing: Mapped[bool] = mapped_column(server_default=text("false"))


class Restore(Model):
    """A moment at which the ledger was found to be older than it was, until it is released."""

    __tablename__ = "restores"
    __table_args__ = (
        Index(
            "uq_restores_open", text("(released_at is null)"), unique=True,
            postgresql_where=text("released_at is null"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    # `history`, `mark` or `asked`.
    kind: Mapped[str] = mapped_column(String(20))
    told: Mapped[str] = mapped_column(Text)
    noticed_at: Mapped[datetime]
    # From then on Stripe may know more, and senders repeat.
    since: Mapped[datetime]
    # Which list at Stripe is read, and after what it goes on.
    place: Mapped[int] = mapped_column(server_default=text("0"))
    after: Mapped[str | None] = mapped_column(String(64))
    reads: Mapped[int] = mapped_column(server_default=text("0"))
    looked_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    released_by: Mapped[str | None] = mapped_column(String(200))
    # Why it was released though something was apart.
    reason: Mapped[str | None] = mapped_column(Text)


class RestoreFinding(Model):
    """Something that Stripe has of us and that the ledger forgot, and what became of it."""

    __tablename__ = "restore_findings"
    __table_args__ = (
        Index(
            "uq_restore_findings_what", "restore_id", "kind", "stripe_id", unique=True,
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    restore_id: Mapped[int] = mapped_column(ForeignKey("restores.id"))
    kind: Mapped[str] = mapped_column(String(20))
    stripe_id: Mapped[str] = mapped_column(String(64))
    # No foreign keys, as of gaps; none where the ledger has no such row.
    organization_id: Mapped[int | None]
    sequence: Mapped[int | None]
    told: Mapped[str] = mapped_column(Text)
    found_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]

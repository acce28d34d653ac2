"""Gaps that were found, what was seen at Stripe, and how far each look is."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.extensions import Model


class StripeGap(Model):
    """Something that Stripe has and the ledger does not know, or the other way round.

    Found once it may be an event that is on its way, so it counts from when a second look, a while
    later, has confirmed it. It is kept until it is gone, and for a while.
    """

    __tablename__ = "stripe_gaps"
    __table_args__ = (
        Index(
            "uq_stripe_gaps_open", "kind", "stripe_id", unique=True,
            postgresql_where=text("gone_at is null"),
        ),
        Index("ix_stripe_gaps_gone_at", "gone_at"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    # Stripe's name of the event, invoice or customer.
    stripe_id: Mapped[str] = mapped_column(String(64))
    # No foreign keys, as of what invariants found; none where nobody knows whose it is.
    organization_id: Mapped[int | None]
    sequence: Mapped[int | None]
    told: Mapped[str] = mapped_column(Text)
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    gone_at: Mapped[datetime | None]


class GapRound(Model):
    """A look at all of one kind at Stripe, page by page."""

    __tablename__ = "gap_rounds"
    __table_args__ = (
        Index(
            "uq_gap_rounds_open", "kind", unique=True, postgresql_where=text("ended_at is null"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    # Which of the lists of twenty types it is at (events), and after what it goes on.
    part: Mapped[int] = mapped_column(default=0)
    after: Mapped[str | None] = mapped_column(String(64))
    reads: Mapped[int] = mapped_column(default=0)
    seen: Mapped[int] = mapped_column(default=0)
    begun_at: Mapped[datetime]
    moved_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class SeenAtStripe(Model):
    """When a list of Stripe's last had an invoice or customer of ours: what none has is missed.

    Or when that was last read by itself: then it has had its turn.
    """

    __tablename__ = "seen_at_stripe"

    stripe_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    seen_at: Mapped[datetime]

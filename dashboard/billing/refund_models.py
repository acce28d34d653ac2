"""Refunds that are made here: money of a payment given back, outside of any credit note."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dashboard.billing.authored import Authored
from dashboard.billing.models import Invoice
from dashboard.extensions import Model

STATES = ("planned", "made", "refused")
PURPOSES = ("duplicate", "overpaid", "goodwill")


class Refund(Authored, Model):
    """A refund: planned, then made at Stripe or refused there, both for good.

    Made says that Stripe took it on; how far it is since (pending, succeeded, failed) is told of
    the correction that `stripe_id` leads to. `amount_cents` is in the invoice's minor units.
    """

    __tablename__ = "refunds"
    __table_args__ = (
        UniqueConstraint("organization_id", "idempotency_key"),
        UniqueConstraint("stripe_id"),
        Index("ix_refunds_invoice_id", "invoice_id"),
        # What needs a person is among these few.
        Index(
            "ix_refunds_not_made", "created_at",
            postgresql_where=text("state in ('planned', 'refused')"),
        ),
        # How much is left to refund depends on the one under way.
        Index(
            "uq_refunds_one_planned", "invoice_id", unique=True,
            postgresql_where=text("state = 'planned'"),
        ),
        CheckConstraint("state in ('planned', 'made', 'refused')", name="state"),
        CheckConstraint("purpose in ('duplicate', 'overpaid', 'goodwill')", name="purpose"),
        CheckConstraint("amount_cents > 0", name="amount"),
        CheckConstraint("(state = 'planned') = (ended_at is null)", name="ended"),
        CheckConstraint("(state = 'made') = (stripe_id is not null)", name="told"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"))
    state: Mapped[str] = mapped_column(String(8), default="planned")
    purpose: Mapped[str] = mapped_column(String(10))
    # Stripe's names of the payment of the invoice, and of what is refunded: an intent or a charge.
    payment: Mapped[str] = mapped_column(String(64))
    paid_by: Mapped[str] = mapped_column(String(64))
    amount_cents: Mapped[int]
    ended_at: Mapped[datetime | None]
    stripe_id: Mapped[str | None] = mapped_column(String(64))
    # Why it was refused.
    error: Mapped[str | None] = mapped_column(Text)

    invoice: Mapped[Invoice] = relationship()

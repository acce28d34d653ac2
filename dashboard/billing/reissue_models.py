"""Issued invoices that are taken back and billed again, in one act."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dashboard.billing.authored import Authored
from dashboard.billing.credit_note_models import CreditNote
from dashboard.billing.models import Invoice
from dashboard.extensions import Model

WAYS = ("void", "credit")
STATES = ("planned", "done", "refused")


class Reissue(Authored, Model):
    """One act: an issued invoice is voided or, where some was paid, credited, and billed again.

    Planned, then done or refused, both for good. Done is what Stripe confirmed and what was billed
    again in that very transaction. Amounts are before tax.
    """

    __tablename__ = "reissues"
    __table_args__ = (
        UniqueConstraint("organization_id", "idempotency_key"),
        UniqueConstraint("note_id"),
        Index("ix_reissues_invoice_id", "invoice_id"),
        # An invoice is taken back once: what was refused may be tried again.
        Index(
            "uq_reissues_one_stands", "invoice_id", unique=True,
            postgresql_where=text("state in ('planned', 'done')"),
        ),
        # What needs a person is among these few.
        Index(
            "ix_reissues_not_done", "created_at",
            postgresql_where=text("state in ('planned', 'refused')"),
        ),
        CheckConstraint("state in ('planned', 'done', 'refused')", name="state"),
        CheckConstraint("way in ('void', 'credit')", name="way"),
        CheckConstraint("(state = 'planned') = (ended_at is null)", name="ended"),
        CheckConstraint("(state = 'done') = (billed_cents is not null)", name="billed"),
        CheckConstraint("(way = 'credit') = (note_id is not null)", name="note"),
        CheckConstraint("taken_cents > 0", name="taken"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"))
    way: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(8), default="planned")
    # What was seen at Stripe: a revision made there since is another bill.
    stripe_invoice_id: Mapped[str] = mapped_column(String(64))
    # What the customer is no longer asked for, or gets back.
    taken_cents: Mapped[int]
    # By how much the open invoices grew by it, for the same things.
    billed_cents: Mapped[int | None]
    note_id: Mapped[int | None] = mapped_column(ForeignKey("credit_notes.id"))
    ended_at: Mapped[datetime | None]
    # Why it was refused.
    error: Mapped[str | None] = mapped_column(Text)

    invoice: Mapped[Invoice] = relationship()
    note: Mapped[CreditNote | None] = relationship()

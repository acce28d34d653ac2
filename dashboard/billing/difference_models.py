"""What people decided of bills on which Stripe asked for something else than the ledger."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dashboard.billing.authored import Authored
from dashboard.billing.credit_note_models import CreditNote
from dashboard.billing.models import Adjustment, Invoice
from dashboard.extensions import Model

DECISIONS = ("credit", "carry", "leave")


class DifferenceDecision(Authored, Model):
    """One decision: so much of the difference is credited, carried to the next bill, or left.

    `cents` is what Stripe billed too much, below zero too little, before tax. It counts unless its
    credit note was refused or is void, or its charge or credit was reversed.
    """

    __tablename__ = "difference_decisions"
    __table_args__ = (
        UniqueConstraint("organization_id", "idempotency_key"),
        UniqueConstraint("note_id"),
        UniqueConstraint("adjustment_id"),
        Index("ix_difference_decisions_invoice_id", "invoice_id"),
        CheckConstraint("decision in ('credit', 'carry', 'leave')", name="decision"),
        CheckConstraint("cents <> 0", name="cents"),
        CheckConstraint("(decision = 'credit') = (note_id is not null)", name="note"),
        CheckConstraint("(decision = 'carry') = (adjustment_id is not null)", name="adjustment"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"))
    decision: Mapped[str] = mapped_column(String(8))
    cents: Mapped[int]
    note_id: Mapped[int | None] = mapped_column(ForeignKey("credit_notes.id"))
    adjustment_id: Mapped[int | None] = mapped_column(ForeignKey("adjustments.id"))

    invoice: Mapped[Invoice] = relationship()
    note: Mapped[CreditNote | None] = relationship()
    adjustment: Mapped[Adjustment | None] = relationship()

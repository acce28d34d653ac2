"""Rows of what became of a bill after it was issued: what paid it, and its corrections."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dashboard.billing.models import Invoice
from dashboard.extensions import Model

# Of a refund: the customer did not get it.
FAILED = ("failed", "canceled")


class InvoicePayment(Model):
    """What is to pay an invoice, or did: it leads from a refund or dispute to the invoice."""

    __tablename__ = "invoice_payments"
    __table_args__ = (
        UniqueConstraint("stripe_id"),
        Index("ix_invoice_payments_invoice_id", "invoice_id"),
        Index("ix_invoice_payments_paid_by", "paid_by"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"))
    stripe_id: Mapped[str] = mapped_column(String(64))
    # A payment intent, or a charge without one; None where Stripe only knows of the payment.
    paid_by: Mapped[str | None] = mapped_column(String(64))
    off_stripe: Mapped[bool] = mapped_column(default=False)
    amount_paid_cents: Mapped[int]
    is_paid: Mapped[bool]


class Correction(Model):
    """A credit note, refund or dispute at Stripe, as it was last told."""

    __tablename__ = "corrections"
    __table_args__ = (
        UniqueConstraint("stripe_id"),
        Index("ix_corrections_invoice_id", "invoice_id"),
        # Few put anything on the balance, and a bill asks for them.
        Index(
            "ix_corrections_on_balance",
            "organization_id",
            "made_at",
            postgresql_where=text("balance_cents > 0"),
        ),
        # What a person has to see to is among these few.
        Index(
            "ix_corrections_unsettled",
            "kind",
            "made_at",
            postgresql_where=text(
                "status in ('failed', 'canceled', 'lost') and settled_at is null"
            ),
        ),
        CheckConstraint("kind in ('credit_note', 'refund', 'dispute')", name="kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"))
    kind: Mapped[str] = mapped_column(String(12))
    stripe_id: Mapped[str] = mapped_column(String(64))
    number: Mapped[str | None] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str | None] = mapped_column(String(80))
    amount_cents: Mapped[int]
    pre_payment_cents: Mapped[int] = mapped_column(default=0)
    post_payment_cents: Mapped[int] = mapped_column(default=0)
    # Of what was paid: what a note put on the balance, for invoices to come.
    balance_cents: Mapped[int] = mapped_column(default=0)
    answer_by_at: Mapped[datetime | None]
    # Of a refund or a dispute: whose money it is; None where it was told before this was kept.
    paid_by: Mapped[str | None] = mapped_column(String(64))
    # Of a refund that failed, a dispute that was lost: since when a person has seen to it.
    settled_at: Mapped[datetime | None]
    # Of a refund that failed: a person returned the money by other means, so it went back.
    is_returned: Mapped[bool] = mapped_column(default=False, server_default=false())
    made_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    told_by: Mapped[str | None] = mapped_column(String(64))

    invoice: Mapped[Invoice] = relationship()

    @property
    def is_to_settle(self) -> bool:
        """Whether a person has to see to it: a refund that failed, a dispute that was lost."""
        wrong = {"refund": FAILED, "dispute": ("lost",)}.get(self.kind, ())
        return self.status in wrong and self.settled_at is None

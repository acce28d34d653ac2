"""Credit notes that are made here: what is taken off an issued invoice, item by item."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dashboard.billing.authored import Authored
from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.extensions import Model

STATES = ("planned", "issued", "refused", "void")


class CreditNote(Authored, Model):
    """A credit note: planned, then issued or refused at Stripe, perhaps voided later.

    Only an issued one counts, also while its void is asked for. `amount_cents` is before tax and
    the sum of its lines and of what is on no item of ours. The three shares say where the part goes
    that was paid already: back to what paid it, to the customer's balance, or by other means; what
    is left of the amount lowers what is still due.
    """

    __tablename__ = "credit_notes"
    __table_args__ = (
        UniqueConstraint("organization_id", "idempotency_key"),
        UniqueConstraint("stripe_id"),
        Index("ix_credit_notes_invoice_id", "invoice_id"),
        # What needs a person is among these few.
        Index(
            "ix_credit_notes_not_issued", "created_at",
            postgresql_where=text("state in ('planned', 'refused')"),
        ),
        Index(
            "ix_credit_notes_void_asked", "void_asked_at",
            postgresql_where=text("void_asked_at is not null"),
        ),
        # How much is left to credit depends on the one under way.
        Index(
            "uq_credit_notes_one_planned", "invoice_id", unique=True,
            postgresql_where=text("state = 'planned'"),
        ),
        CheckConstraint("state in ('planned', 'issued', 'refused', 'void')", name="state"),
        CheckConstraint(
            "amount_cents > 0 and refund_cents >= 0 and balance_cents >= 0 and outside_cents >= 0"
            " and refund_cents + balance_cents + outside_cents <= amount_cents",
            name="amounts",
        ),
        CheckConstraint("(state = 'planned') = (ended_at is null)", name="ended"),
        CheckConstraint("(state in ('issued', 'void')) = (stripe_id is not null)", name="told"),
        CheckConstraint("void_asked_at is null or state = 'issued'", name="void_asked"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"))
    state: Mapped[str] = mapped_column(String(10), default="planned")
    amount_cents: Mapped[int]
    refund_cents: Mapped[int]
    balance_cents: Mapped[int]
    outside_cents: Mapped[int]
    # What the customer reads on it.
    memo: Mapped[str] = mapped_column(String(500))
    ended_at: Mapped[datetime | None]
    # Leads to what Stripe says of it (`corrections`).
    stripe_id: Mapped[str | None] = mapped_column(String(64))
    # Why it was refused; of one that is issued, why its void was.
    error: Mapped[str | None] = mapped_column(Text)
    # Since when it is to be voided, until Stripe has done or refused it.
    void_asked_at: Mapped[datetime | None]

    invoice: Mapped[Invoice] = relationship()
    lines: Mapped[list[CreditNoteLine]] = relationship(order_by="CreditNoteLine.item_id")

    @property
    def stray_cents(self) -> int:
        """What it takes off that Stripe billed beside our items."""
        return self.amount_cents - sum(line.amount_cents for line in self.lines)

    @property
    def back_cents(self) -> int:
        """The part that was paid already, and goes back."""
        return self.refund_cents + self.balance_cents + self.outside_cents


class CreditNoteLine(Model):
    """What a note takes off one item; never changed."""

    __tablename__ = "credit_note_lines"
    __table_args__ = (
        CheckConstraint("amount_cents > 0", name="amount"),
        Index("ix_credit_note_lines_item_id", "item_id"),
    )

    note_id: Mapped[int] = mapped_column(ForeignKey("credit_notes.id"), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("invoice_items.id"), primary_key=True)
    amount_cents: Mapped[int]

    item: Mapped[InvoiceItem] = relationship()

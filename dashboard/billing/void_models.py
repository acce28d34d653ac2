"""The case of a void invoice: what it held is billed by nobody until a person decides."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.extensions import Model

STATES = ("undecided", "billed", "written_off")


class VoidCase(Model):
    """One void invoice: undecided, billed again on a later invoice, or written off for good."""

    __tablename__ = "void_cases"
    __table_args__ = (
        Index(
            "ix_void_cases_undecided", "organization_id",
            postgresql_where=text("state = 'undecided' and cents <> 0"),
        ),
        CheckConstraint("state in ('undecided', 'billed', 'written_off')", name="state"),
        CheckConstraint("(state = 'undecided') = (decided_at is null)", name="decided"),
        CheckConstraint("(state = 'billed') = (billed_on_id is not null)", name="billed_on"),
        CheckConstraint("state <> 'written_off' or reason is not null", name="reason"),
        CheckConstraint("waived_cents >= 0", name="waived_cents"),
    )  # fmt: skip

    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    state: Mapped[str] = mapped_column(String(12), default="undecided")
    # The sum of its claims: what is still owed of what the invoice asked for; before tax.
    cents: Mapped[int] = mapped_column(default=0)
    # What Stripe had asked less by then: a credit note had taken it off, or somebody's edit.
    waived_cents: Mapped[int] = mapped_column(default=0, server_default="0")
    opened_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(200))
    reason: Mapped[str | None] = mapped_column(Text)
    billed_on_id: Mapped[int | None] = mapped_column(ForeignKey("invoices.id"))

    invoice: Mapped[Invoice] = relationship(foreign_keys=[invoice_id])
    billed_on: Mapped[Invoice | None] = relationship(foreign_keys=[billed_on_id])

    @property
    def asked_cents(self) -> int:
        """What is decided on: what is still owed, less what was waived before it was voided."""
        return self.cents - min(self.waived_cents, max(self.cents, 0))

    @property
    def waits(self) -> bool:
        """Whether a person is wanted."""
        return self.state == "undecided" and self.asked_cents != 0


class VoidClaim(Model):
    """What one item of a void invoice asked for, and what is still owed of it.

    The two differ once a later fact (a detach backdated) lowers what the item's cycle costs:
    nothing was billed for it, so nothing is credited; there is less to decide on.
    """

    __tablename__ = "void_claims"

    item_id: Mapped[int] = mapped_column(ForeignKey("invoice_items.id"), primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("void_cases.invoice_id"), index=True)
    claimed_cents: Mapped[int]
    cents: Mapped[int]

    item: Mapped[InvoiceItem] = relationship()
    case: Mapped[VoidCase] = relationship()

    @property
    def credited_cents(self) -> int:
        """What notes made here had taken off the item, as far as that much is owed of it still.

        What facts have taken off since is taken from it first.
        """
        return max(self.item.credited_cents - max(self.claimed_cents - self.cents, 0), 0)

    def owe(self, cents: int) -> None:
        """Let so much of it be owed still; the case follows."""
        before = self.credited_cents
        self.case.cents += cents - self.cents
        self.cents = cents
        if self.case.state == "undecided":
            waived = self.case.waived_cents + self.credited_cents - before
            self.case.waived_cents = max(waived, 0)

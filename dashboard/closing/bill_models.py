"""What people want of single bills before they are issued: a limit, an approval, a hold."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.extensions import Model


class ClosingLimit(Model):
    """Above so many cents of a currency a bill waits for approval: everywhere, or of one customer.

    One is in force of each, the organization's own before that of all; what it was stays.
    """

    __tablename__ = "closing_limits"
    __table_args__ = (
        Index(
            "uq_closing_limits_in_force", text("coalesce(organization_id, 0)"), "currency",
            unique=True, postgresql_where=text("ended_at is null"),
        ),
        CheckConstraint("cents >= 0", name="cents"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"))
    currency: Mapped[str] = mapped_column(String(3))
    cents: Mapped[int]
    reason: Mapped[str] = mapped_column(Text)
    set_at: Mapped[datetime]
    set_by: Mapped[str] = mapped_column(String(200))
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(200))


class BillApproval(Model):
    """That a person let a bill be issued at one total before tax; of another it says nothing."""

    __tablename__ = "bill_approvals"
    __table_args__ = (UniqueConstraint("invoice_id", "total_cents"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"))
    total_cents: Mapped[int]
    reason: Mapped[str] = mapped_column(Text)
    approved_at: Mapped[datetime]
    approved_by: Mapped[str] = mapped_column(String(200))


class IssueHold(Model):
    """That a person holds a bill back, before or after its cycle ends, until it is released."""

    __tablename__ = "issue_holds"
    __table_args__ = (
        Index(
            "uq_issue_holds_open", "invoice_id", unique=True,
            postgresql_where=text("released_at is null"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"))
    reason: Mapped[str] = mapped_column(Text)
    held_at: Mapped[datetime]
    held_by: Mapped[str] = mapped_column(String(200))
    released_at: Mapped[datetime | None]
    released_by: Mapped[str | None] = mapped_column(String(200))

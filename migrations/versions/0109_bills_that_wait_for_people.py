"""Limits above which bills wait for approval, approvals, and bills that a person holds

Revision ID: 0109_bills_that_wait_for_people
Revises: 0108_taken_off_by_instant

A release before this neither asks for nor sees any of them: what it finalizes meanwhile goes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0109_bills_that_wait_for_people"
down_revision = "0108_taken_off_by_instant"
branch_labels = None
depends_on = None


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True)


def _of_invoice() -> sa.Column[int]:
    return sa.Column("invoice_id", sa.BigInteger(), sa.ForeignKey("invoices.id"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "closing_limits",
        _id(),
        sa.Column("organization_id", sa.BigInteger(), sa.ForeignKey("organizations.id")),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        _instant("set_at"),
        sa.Column("set_by", sa.String(200), nullable=False),
        _instant("ended_at", nullable=True),
        sa.Column("ended_by", sa.String(200)),
        sa.CheckConstraint("cents >= 0", name="cents"),
        if_not_exists=True,
    )
    op.create_index(
        "uq_closing_limits_in_force",
        "closing_limits",
        [sa.text("coalesce(organization_id, 0)"), "currency"],
        unique=True,
        postgresql_where=sa.text("ended_at is null"),
        if_not_exists=True,
    )
    op.create_table(
        "bill_approvals",
        _id(),
        _of_invoice(),
        sa.Column("total_cents", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        _instant("approved_at"),
        sa.Column("approved_by", sa.String(200), nullable=False),
        sa.UniqueConstraint("invoice_id", "total_cents"),
        if_not_exists=True,
    )
    op.create_table(
        "issue_holds",
        _id(),
        _of_invoice(),
        sa.Column("reason", sa.Text(), nullable=False),
        _instant("held_at"),
        sa.Column("held_by", sa.String(200), nullable=False),
        _instant("released_at", nullable=True),
        sa.Column("released_by", sa.String(200)),
        if_not_exists=True,
    )
    op.create_index(
        "uq_issue_holds_open",
        "issue_holds",
        ["invoice_id"],
        unique=True,
        postgresql_where=sa.text("released_at is null"),
        if_not_exists=True,
    )


def downgrade() -> None:
    for table in ("issue_holds", "bill_approvals", "closing_limits"):
        op.drop_table(table)

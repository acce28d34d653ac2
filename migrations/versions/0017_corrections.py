"""Keep what paid an invoice, and its credit notes, refunds and disputes at Stripe"""

import sqlalchemy as sa
from alembic import op

revision = "0017_corrections"
down_revision = "0016_installation"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "invoice_payments",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("stripe_id", sa.String(length=64), nullable=False),
        sa.Column("paid_by", sa.String(length=64), nullable=True),
        sa.Column("off_stripe", sa.Boolean(), nullable=False),
        sa.Column("amount_paid_cents", sa.BigInteger(), nullable=False),
        sa.Column("is_paid", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_invoice_payments_organization_id"),
        ),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoices.id"], name=op.f("fk_invoice_payments_invoice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_payments")),
        sa.UniqueConstraint("stripe_id", name=op.f("uq_invoice_payments_stripe_id")),
    )
    op.create_index("ix_invoice_payments_invoice_id", "invoice_payments", ["invoice_id"])
    op.create_index("ix_invoice_payments_paid_by", "invoice_payments", ["paid_by"])
    op.create_table(
        "corrections",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("stripe_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("pre_payment_cents", sa.BigInteger(), nullable=False),
        sa.Column("post_payment_cents", sa.BigInteger(), nullable=False),
        sa.Column("answer_by_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_by", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "kind in ('credit_note', 'refund', 'dispute')", name=op.f("ck_corrections_kind")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_corrections_organization_id")
        ),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoices.id"], name=op.f("fk_corrections_invoice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
        sa.UniqueConstraint("stripe_id", name=op.f("uq_corrections_stripe_id")),
    )
    op.create_index("ix_corrections_invoice_id", "corrections", ["invoice_id"])
    for name in ("refunded_cents", "disputed_cents"):
        op.add_column(
            "invoices", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")
        )
    op.add_column("invoices", sa.Column("dispute_status", sa.String(length=40)))
    op.add_column("invoices", sa.Column("dispute_answer_by_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    for name in ("dispute_answer_by_at", "dispute_status", "disputed_cents", "refunded_cents"):
        op.drop_column("invoices", name)
    op.drop_table("corrections")
    op.drop_table("invoice_payments")

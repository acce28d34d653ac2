"""Let an organization be billed on a subscription's invoices

Revision ID: 0106_subscriptions
Revises: 0105_taxed_bills

Whoever is on none, which is all there are, goes on as before: each column says so by its default.
"""

import sqlalchemy as sa
from alembic import op

revision = "0106_subscriptions"
down_revision = "0105_taxed_bills"
branch_labels = None
depends_on = None

INDEXES = {
    "uq_organizations_stripe_subscription_id": (
        "unique index {} on organizations (stripe_subscription_id)"
        " where stripe_subscription_id is not null"
    ),
    "ix_invoices_waiting": (
        "index {} on invoices (period_end)"
        " where billed_with = 'waits' and status in ('closing', 'sealed')"
    ),
}


def upgrade() -> None:
    add = "alter table {} add column if not exists {} {}"
    for table, column, kind in (
        ("organizations", "stripe_subscription_id", "varchar(64)"),
        ("organizations", "subscription", "jsonb"),
        ("invoices", "billed_with", "varchar(8) not null default 'alone'"),
        ("invoices", "theirs_cents", "bigint not null default 0"),
    ):
        op.execute(add.format(table, column, kind))
    op.create_table(
        "subscription_lines",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column(
            "organization_id", sa.BigInteger(), sa.ForeignKey("organizations.id"), nullable=False
        ),
        sa.Column("invoice_id", sa.BigInteger(), sa.ForeignKey("invoices.id"), nullable=False),
        sa.Column("stripe_line_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("description", sa.String(500), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("period_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("period_end", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("invoice_id", "stripe_line_id"),
        sa.CheckConstraint("kind in ('subscription', 'proration', 'other')", name="kind"),
        if_not_exists=True,
    )
    with op.get_context().autocommit_block():
        # One that was broken off is there without being of use.
        for name, index in INDEXES.items():
            op.execute(f"drop index concurrently if exists {name}")
            op.execute(f"create {index.format(f'concurrently {name}')}")


def downgrade() -> None:
    op.drop_index("ix_invoices_waiting", "invoices")
    op.drop_index("uq_organizations_stripe_subscription_id", "organizations")
    op.drop_table("subscription_lines")
    op.drop_column("invoices", "theirs_cents")
    op.drop_column("invoices", "billed_with")
    op.drop_column("organizations", "subscription")
    op.drop_column("organizations", "stripe_subscription_id")

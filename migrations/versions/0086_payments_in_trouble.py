"""Keep when a payment was to be confirmed, and find what is late or disputed

Revision ID: 0086_payments_in_trouble
Revises: 0085_voided_notes

The column is empty for what there is, so adding it writes no row. The indexes are made while
everybody goes on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0086_payments_in_trouble"
down_revision = "0085_voided_notes"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_invoices_late": (
        "invoices (coalesce(due_at, finalized_at), id) where status in ('open', 'uncollectible')"
        " and (due_at is not null or payment_failure is not null or action_required_at is not null"
        " or status = 'uncollectible')"
    ),
    "ix_invoices_disputed": "invoices (dispute_answer_by_at, id) where disputed_cents > 0",
}


def upgrade() -> None:
    op.add_column(
        "invoices",
        sa.Column("action_required_at", sa.DateTime(timezone=True), nullable=True),
        if_not_exists=True,
    )
    with op.get_context().autocommit_block():
        for name, rows in INDEXES.items():
            # One that was broken off in the midst is there and is not used.
            op.execute(f"drop index concurrently if exists {name}")
            op.execute(f"create index concurrently {name} on {rows}")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name in INDEXES:
            op.execute(f"drop index concurrently if exists {name}")
    op.drop_column("invoices", "action_required_at")

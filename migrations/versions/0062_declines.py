"""Keep when a payment failed, and what the bank said

Revision ID: 0062_declines
Revises: 0061_billed_to
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0062_declines"
down_revision = "0061_billed_to"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "invoices", sa.Column("payment_failed_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column("invoices", sa.Column("decline", JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column("invoices", "decline")
    op.drop_column("invoices", "payment_failed_at")

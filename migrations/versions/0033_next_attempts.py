"""Keep when Stripe tries a payment again"""

import sqlalchemy as sa
from alembic import op

revision = "0033_next_attempts"
down_revision = "0032_taken_back_from"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "invoices", sa.Column("next_payment_attempt_at", sa.DateTime(timezone=True), nullable=True)
    )


def downgrade() -> None:
    op.drop_column("invoices", "next_payment_attempt_at")

"""Keep what a credit note put on the customer's balance

Revision ID: 0084_credit_on_the_balance
Revises: 0083_credit_notes

The column's default is kept beside the table, so adding it writes no row. Of notes made here it is
known what they put there; of others it is told again with their next event.
"""

import sqlalchemy as sa
from alembic import op

revision = "0084_credit_on_the_balance"
down_revision = "0083_credit_notes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "corrections", sa.Column("balance_cents", sa.BigInteger, nullable=False, server_default="0")
    )
    op.execute(
        """
        update corrections set balance_cents = note.balance_cents
        from credit_notes note
        where note.stripe_id = corrections.stripe_id and note.balance_cents > 0
        """
    )
    op.create_index(
        "ix_corrections_on_balance",
        "corrections",
        ["organization_id", "made_at"],
        postgresql_where=sa.text("balance_cents > 0"),
    )


def downgrade() -> None:
    op.drop_index("ix_corrections_on_balance", "corrections")
    op.drop_column("corrections", "balance_cents")

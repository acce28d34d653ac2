"""Keep of a refund that failed whether a person returned its money by other means

Revision ID: 0098_returned_otherwise
Revises: 0097_bill_differences

What was settled before did not say so: its money counts as not returned, as it did until now.
"""

import sqlalchemy as sa
from alembic import op

revision = "0098_returned_otherwise"
down_revision = "0097_bill_differences"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "corrections",
        sa.Column("is_returned", sa.Boolean(), server_default=sa.false(), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("corrections", "is_returned")

"""Note up to when the keys of usage are gone, so that none of it is counted a second time

Revision ID: 0046_forgetting
Revises: 0045_rare_in_logs
"""

import sqlalchemy as sa
from alembic import op

revision = "0046_forgetting"
down_revision = "0045_rare_in_logs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "installations",
        sa.Column("keys_forgotten_until", sa.DateTime(timezone=True), nullable=True),
    )


def downgrade() -> None:
    op.drop_column("installations", "keys_forgotten_until")

"""Keep how many lines at Stripe were not ours when a sync ended

Revision ID: 0079_lines_not_ours
Revises: 0078_bulk_actions

Null is a run of a release that did not count them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0079_lines_not_ours"
down_revision = "0078_bulk_actions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sync_runs", sa.Column("lines_not_ours", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("sync_runs", "lines_not_ours")

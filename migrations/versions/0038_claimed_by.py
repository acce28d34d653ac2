"""Keep which worker has an event, so that it comes back when that one dies"""

import sqlalchemy as sa
from alembic import op

revision = "0038_claimed_by"
down_revision = "0037_next_syncs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("webhook_events", sa.Column("claimed_by", sa.String(120), nullable=True))


def downgrade() -> None:
    op.drop_column("webhook_events", "claimed_by")

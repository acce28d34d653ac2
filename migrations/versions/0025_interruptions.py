"""Count how often something unexpected interrupted a run"""

import sqlalchemy as sa
from alembic import op

revision = "0025_interruptions"
down_revision = "0024_restored_schedules"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "sync_runs",
        sa.Column("interruptions", sa.BigInteger(), server_default="0", nullable=False),
    )


def downgrade() -> None:
    op.drop_column("sync_runs", "interruptions")

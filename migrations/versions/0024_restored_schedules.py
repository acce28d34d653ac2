"""Keep that somebody asked for Stripe's schedule of a draft to stand again"""

import sqlalchemy as sa
from alembic import op

revision = "0024_restored_schedules"
down_revision = "0023_age_of_links"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "invoices",
        sa.Column("restores_schedule", sa.Boolean(), nullable=False, server_default=sa.false()),
    )


def downgrade() -> None:
    op.drop_column("invoices", "restores_schedule")

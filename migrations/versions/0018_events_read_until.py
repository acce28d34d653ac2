"""Remember up to when a back-fill has read all of Stripe's events"""

import sqlalchemy as sa
from alembic import op

revision = "0018_events_read_until"
down_revision = "0017_corrections"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "installations", sa.Column("events_read_until", sa.DateTime(timezone=True), nullable=True)
    )


def downgrade() -> None:
    op.drop_column("installations", "events_read_until")

"""Keep what an event is about, so that two workers never take events of one bill at a time"""

import sqlalchemy as sa
from alembic import op

revision = "0051_about"
down_revision = "0050_quick_guard"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Those that are there stay without: they are divided among the workers as before.
    op.add_column("webhook_events", sa.Column("about", sa.String(64), nullable=True))
    op.create_index(
        "ix_webhook_events_in_work",
        "webhook_events",
        ["about"],
        postgresql_where=sa.text("state = 'processing'"),
    )


def downgrade() -> None:
    op.drop_index("ix_webhook_events_in_work", "webhook_events")
    op.drop_column("webhook_events", "about")

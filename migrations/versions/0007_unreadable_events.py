"""Keep what Stripe signed and nobody can read"""

import sqlalchemy as sa
from alembic import op

revision = "0007_unreadable_events"
down_revision = "0006_guards"
branch_labels = None
depends_on = None

BEFORE = "'received', 'processing', 'processed', 'ignored', 'failed', 'dead'"


def upgrade() -> None:
    op.add_column("webhook_events", sa.Column("raw", sa.Text(), nullable=True))
    allow(f"{BEFORE}, 'unreadable'")


def downgrade() -> None:
    op.execute("delete from webhook_events where state = 'unreadable'")
    allow(BEFORE)
    op.drop_column("webhook_events", "raw")


def allow(states: str) -> None:
    name = op.f("ck_webhook_events_state")
    op.drop_constraint(name, "webhook_events", type_="check")
    op.create_check_constraint(name, "webhook_events", f"state in ({states})")

"""Keep when an organization's customer was deleted at Stripe"""

import sqlalchemy as sa
from alembic import op

revision = "0022_lost_customers"
down_revision = "0021_cards"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("organizations", sa.Column("customer_lost_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("organizations", "customer_lost_at")

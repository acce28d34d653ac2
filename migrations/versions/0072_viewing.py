"""Let one of us see an organization's pages as its customer does"""

import sqlalchemy as sa
from alembic import op

revision = "0072_viewing"
down_revision = "0071_stripe_readings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user_sessions", sa.Column("viewing", sa.String(63), nullable=True))


def downgrade() -> None:
    op.drop_column("user_sessions", "viewing")

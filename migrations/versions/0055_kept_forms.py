"""Keep what was typed while somebody signs in again"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0055_kept_forms"
down_revision = "0054_second_factors"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user_sessions", sa.Column("typed", JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column("user_sessions", "typed")

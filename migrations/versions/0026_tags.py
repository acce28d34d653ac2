"""Let support sort organizations by words of its own"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026_tags"
down_revision = "0025_interruptions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "organizations",
        sa.Column("tags", postgresql.ARRAY(sa.String(40)), nullable=False, server_default="{}"),
    )


def downgrade() -> None:
    op.drop_column("organizations", "tags")

"""Keep when the links of an invoice were told, because they end"""

import sqlalchemy as sa
from alembic import op

revision = "0023_age_of_links"
down_revision = "0022_lost_customers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("invoices", sa.Column("links_told_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("invoices", "links_told_at")

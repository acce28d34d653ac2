"""Let a price belong to a product"""

import sqlalchemy as sa
from alembic import op

revision = "0056_products"
down_revision = "0055_kept_forms"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("prices", sa.Column("product", sa.String(200), nullable=True))


def downgrade() -> None:
    op.drop_column("prices", "product")

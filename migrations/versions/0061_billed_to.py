"""Keep the tax of an issued invoice, and whom it is made out to"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0061_billed_to"
down_revision = "0060_member_roles"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("invoices", sa.Column("tax_cents", sa.BigInteger(), nullable=True))
    op.add_column("invoices", sa.Column("billed_to", JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column("invoices", "billed_to")
    op.drop_column("invoices", "tax_cents")

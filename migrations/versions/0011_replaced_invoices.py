"""Remember what an invoice was at Stripe before somebody edited it there"""

import sqlalchemy as sa
from alembic import op

revision = "0011_replaced_invoices"
down_revision = "0010_void_cases"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("invoices", sa.Column("replaced_stripe_id", sa.String(64), nullable=True))
    op.add_column("invoices", sa.Column("replaced_number", sa.String(40), nullable=True))


def downgrade() -> None:
    op.drop_column("invoices", "replaced_number")
    op.drop_column("invoices", "replaced_stripe_id")

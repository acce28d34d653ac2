"""Keep the customer's balance at Stripe as each invoice found and left it"""

import sqlalchemy as sa
from alembic import op

revision = "0012_balances_at_stripe"
down_revision = "0011_replaced_invoices"
branch_labels = None
depends_on = None

COLUMNS = ("starting_balance_cents", "ending_balance_cents")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("invoices", sa.Column(name, sa.BigInteger(), nullable=True))


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("invoices", name)

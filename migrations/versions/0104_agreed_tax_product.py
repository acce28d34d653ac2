"""Keep as which product at Stripe the lines of a taxed draft were sent

Revision ID: 0104_agreed_tax_product
Revises: 0103_fate_of_a_mark

Of a draft that an older release sent it is not known: its lines are sent once more.
"""

import sqlalchemy as sa
from alembic import op

revision = "0104_agreed_tax_product"
down_revision = "0103_fate_of_a_mark"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("invoices", sa.Column("agreed_tax_product", sa.String(80)), if_not_exists=True)


def downgrade() -> None:
    op.drop_column("invoices", "agreed_tax_product")

"""Keep what went back by disputes that were lost"""

import sqlalchemy as sa
from alembic import op

revision = "0034_charged_back"
down_revision = "0033_next_attempts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "invoices",
        sa.Column("charged_back_cents", sa.BigInteger(), nullable=False, server_default="0"),
    )
    op.execute(
        "update invoices set charged_back_cents = lost.cents from (select invoice_id,"
        " sum(amount_cents) as cents from corrections where kind = 'dispute' and status = 'lost'"
        " group by invoice_id) as lost where lost.invoice_id = invoices.id"
    )


def downgrade() -> None:
    op.drop_column("invoices", "charged_back_cents")

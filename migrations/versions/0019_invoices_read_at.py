"""Remember when an invoice was last read from Stripe on schedule"""

import sqlalchemy as sa
from alembic import op

revision = "0019_invoices_read_at"
down_revision = "0018_events_read_until"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "invoices", sa.Column("stripe_read_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.create_index(
        "ix_invoices_to_read",
        "invoices",
        ["stripe_read_at"],
        unique=False,
        postgresql_where=sa.text("status in ('open', 'uncollectible')"),
    )


def downgrade() -> None:
    op.drop_index("ix_invoices_to_read", table_name="invoices")
    op.drop_column("invoices", "stripe_read_at")

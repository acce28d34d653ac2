"""Keep what somebody last read of an invoice at Stripe"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0071_stripe_readings"
down_revision = "0070_organization_notes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stripe_readings",
        sa.Column("invoice_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("stripe_invoice_id", sa.String(64), nullable=False),
        sa.Column("lines", JSONB(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_by", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoices.id"], name="fk_stripe_readings_invoice_id_invoices"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_stripe_readings_organization_id_organizations",
        ),
    )


def downgrade() -> None:
    op.drop_table("stripe_readings")

"""Let Stripe work tax out for the bills of an organization

Revision ID: 0102_automatic_tax
Revises: 0101_restores

It is off everywhere, and the bills that there are keep it off.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0102_automatic_tax"
down_revision = "0101_restores"
branch_labels = None
depends_on = None

NAME = "ix_invoices_untaxable"
SWITCHES = ("organizations", "invoices")


def upgrade() -> None:
    for table in SWITCHES:
        op.add_column(
            table,
            sa.Column("automatic_tax", sa.Boolean(), server_default=sa.false(), nullable=False),
            if_not_exists=True,
        )
    for column in (
        sa.Column("agreed_tax", sa.Boolean()),
        sa.Column("stripe_automatic_tax", sa.Boolean()),
        sa.Column("stripe_tax_status", sa.String(40)),
        sa.Column("taxes", JSONB()),
    ):
        op.add_column("invoices", column, if_not_exists=True)
    with op.get_context().autocommit_block():
        op.execute(f"drop index concurrently if exists {NAME}")
        op.execute(
            f"create index concurrently {NAME} on invoices (id) where automatic_tax"
            " and status in ('draft', 'closing')"
            " and stripe_tax_status in ('requires_location_inputs', 'failed')"
        )


def downgrade() -> None:
    op.drop_index(NAME)
    for name in ("taxes", "stripe_tax_status", "stripe_automatic_tax", "agreed_tax"):
        op.drop_column("invoices", name)
    for table in SWITCHES:
        op.drop_column(table, "automatic_tax")

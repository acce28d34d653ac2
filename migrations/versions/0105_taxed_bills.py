"""Find the bills that are sent with tax without reading all

Revision ID: 0105_taxed_bills
Revises: 0104_agreed_tax_product

The doctor counts them where no product at Stripe is set for them.
"""

from alembic import op

revision = "0105_taxed_bills"
down_revision = "0104_agreed_tax_product"
branch_labels = None
depends_on = None

NAME = "ix_invoices_taxed"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(f"drop index concurrently if exists {NAME}")
        op.execute(
            f"create index concurrently {NAME} on invoices (id) where automatic_tax"
            " and status in ('draft', 'closing', 'sealed')"
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(f"drop index concurrently if exists {NAME}")

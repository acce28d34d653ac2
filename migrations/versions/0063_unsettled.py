"""Find an organization's invoices that are not settled without a look at all it ever had

Revision ID: 0063_unsettled
Revises: 0062_declines

Every page and poll of a bill asks for them. Made while everybody goes on.
"""

from alembic import op

revision = "0063_unsettled"
down_revision = "0062_declines"
branch_labels = None
depends_on = None

NAME = "ix_invoices_unsettled_of"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        # One that was broken off in the midst is there and is not used.
        op.execute(f"drop index concurrently if exists {NAME}")
        op.execute(
            f"create index concurrently {NAME} on invoices (organization_id)"
            " where status in ('closing', 'sealed', 'open', 'uncollectible')"
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(f"drop index concurrently if exists {NAME}")

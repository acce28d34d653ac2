"""Usage that is accepted and not on the bill yet, and what tells that services changed meanwhile"""

import sqlalchemy as sa
from alembic import op

revision = "0029_usage_waiting"
down_revision = "0028_facts_of_the_future"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "usage_waiting",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("cycle_id", sa.BigInteger(), nullable=False),
        sa.Column("price_version_id", sa.BigInteger(), nullable=False),
        sa.Column("service_id", sa.BigInteger(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=38, scale=12), nullable=False),
        sa.Column("services_revision", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        # No foreign keys: each of them costs as much as the row, and what the row came from has
        # the same ones.
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_usage_waiting")),
    )
    # Rows stay for a second. Waiting for a fifth of the table to be dead would let it grow.
    op.execute(
        "alter table usage_waiting set (autovacuum_vacuum_scale_factor = 0,"
        " autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0)"
    )
    op.add_column(
        "organizations",
        sa.Column("services_revision", sa.BigInteger(), server_default="0", nullable=False),
    )


def downgrade() -> None:
    op.drop_column("organizations", "services_revision")
    op.drop_table("usage_waiting")

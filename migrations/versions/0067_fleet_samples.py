"""Keep the figures of the whole every few minutes, for a day's trends

Revision ID: 0067_fleet_samples
Revises: 0066_needs
"""

import sqlalchemy as sa
from alembic import op

revision = "0067_fleet_samples"
down_revision = "0066_needs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fleet_samples",
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organizations", sa.BigInteger(), nullable=False),
        sa.Column("unequal", sa.BigInteger(), nullable=False),
        sa.Column("usage_seconds", sa.Double(), nullable=False),
        sa.Column("told_seconds", sa.Double(), nullable=False),
        sa.Column("events_seconds", sa.Double(), nullable=True),
        sa.Column("calls", sa.BigInteger(), nullable=True),
        sa.Column("calls_percent", sa.Double(), nullable=True),
        sa.Column("failed_jobs", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("at", name=op.f("pk_fleet_samples")),
    )


def downgrade() -> None:
    op.drop_table("fleet_samples")

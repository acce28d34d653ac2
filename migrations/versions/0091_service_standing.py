"""Keep the rules of service standing, and the standing of organizations

Revision ID: 0091_service_standing
Revises: 0090_stripe_gaps

The column's default is kept beside the table, so adding it writes no row. Without rules every
organization is good.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0091_service_standing"
down_revision = "0090_stripe_gaps"
branch_labels = None
depends_on = None

ONE_OF = "in ('good', 'warned', 'suspended')"


def upgrade() -> None:
    op.add_column(
        "organizations",
        sa.Column("standing", sa.String(10), server_default="good", nullable=False),
    )
    op.create_table(
        "standing_rules",
        sa.Column("id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("warn_after_days", sa.BigInteger(), nullable=True),
        sa.Column("suspend_after_days", sa.BigInteger(), nullable=True),
        sa.Column("minimums", JSONB(), server_default="{}", nullable=False),
        sa.Column("revision", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("id = 1", name="one"),
        sa.CheckConstraint("warn_after_days >= 0 and suspend_after_days >= 0", name="days"),
    )
    op.create_table(
        "service_standings",
        sa.Column(
            "organization_id", sa.BigInteger(), sa.ForeignKey("organizations.id"),
            primary_key=True, autoincrement=False,
        ),
        sa.Column("by_rules", sa.String(10), nullable=False),
        sa.Column("standing", sa.String(10), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("override", sa.String(10), nullable=True),
        sa.Column("override_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("override_reason", sa.Text(), nullable=True),
        sa.Column("override_by", sa.String(200), nullable=True),
        sa.CheckConstraint(f"by_rules {ONE_OF} and standing {ONE_OF}", name="standings"),
        sa.CheckConstraint(f"override {ONE_OF}", name="override"),
        sa.CheckConstraint("(override is null) = (override_until is null)", name="override_ends"),
    )  # fmt: skip
    op.create_index(
        "ix_service_standings_moved", "service_standings", ["organization_id"],
        postgresql_where=sa.text("standing <> 'good' or override is not null"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("service_standings")
    op.drop_table("standing_rules")
    op.drop_column("organizations", "standing")

"""Usage that was counted and is no longer billed, with the reason"""

import sqlalchemy as sa
from alembic import op

revision = "0013_usage_taken_off"
down_revision = "0012_balances_at_stripe"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "usage_taken_off",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("service_id", sa.BigInteger(), nullable=False),
        sa.Column("taken_off_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_usage_taken_off_organization_id"),
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name=op.f("fk_usage_taken_off_service_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", "key", name=op.f("pk_usage_taken_off")),
    )
    op.create_index(
        "ix_usage_taken_off_organization_id_recorded_at",
        "usage_taken_off",
        ["organization_id", "recorded_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_usage_taken_off_service_id"), "usage_taken_off", ["service_id"], unique=False
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_usage_taken_off_service_id"), table_name="usage_taken_off")
    op.drop_index("ix_usage_taken_off_organization_id_recorded_at", table_name="usage_taken_off")
    op.drop_table("usage_taken_off")

"""Usage: its keys, its records by month, its daily totals"""

import sqlalchemy as sa
from alembic import op

revision = "0004_usage"
down_revision = "0003_ledger"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "usage_keys",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_usage_keys_organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", "key", name=op.f("pk_usage_keys")),
    )
    op.create_table(
        "usage_records",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("meter", sa.String(length=63), nullable=False),
        sa.Column("service_id", sa.BigInteger(), nullable=True),
        sa.Column("price_version_id", sa.BigInteger(), nullable=False),
        sa.Column("cycle_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=38, scale=12), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_usage_records_organization_id")
        ),
        sa.PrimaryKeyConstraint(
            "organization_id", "key", "recorded_at", name=op.f("pk_usage_records")
        ),
        postgresql_partition_by="RANGE (recorded_at)",
    )
    op.create_index(
        "ix_usage_records_organization_id_recorded_at",
        "usage_records",
        ["organization_id", "recorded_at"],
        unique=False,
    )
    op.create_table(
        "usage_totals",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("cycle_id", sa.BigInteger(), nullable=False),
        sa.Column("price_version_id", sa.BigInteger(), nullable=False),
        sa.Column("service_id", sa.BigInteger(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=38, scale=12), nullable=False),
        sa.ForeignKeyConstraint(
            ["cycle_id"], ["billing_cycles.id"], name=op.f("fk_usage_totals_cycle_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_usage_totals_organization_id")
        ),
        sa.ForeignKeyConstraint(
            ["price_version_id"],
            ["price_versions.id"],
            name=op.f("fk_usage_totals_price_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name=op.f("fk_usage_totals_service_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_totals")),
        sa.UniqueConstraint(
            "organization_id",
            "cycle_id",
            "price_version_id",
            "service_id",
            "day",
            name=op.f("uq_usage_totals_organization_id_cycle_id_price_version_id_service_id_day"),
            postgresql_nulls_not_distinct=True,
        ),
    )


def downgrade() -> None:
    op.drop_table("usage_totals")
    op.drop_index("ix_usage_records_organization_id_recorded_at", table_name="usage_records")
    op.drop_table("usage_records")
    op.drop_table("usage_keys")

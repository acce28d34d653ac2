"""Prices with their versions, and services attached to organizations"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002_catalogue"
down_revision = "0001_people"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "prices",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(length=63), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("meter", sa.String(length=63), nullable=True),
        sa.Column("unit_label", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'metered') = (meter is not null)", name=op.f("ck_prices_meter")
        ),
        sa.CheckConstraint("kind in ('recurring', 'metered')", name=op.f("ck_prices_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prices")),
        sa.UniqueConstraint("code", name=op.f("uq_prices_code")),
    )
    op.create_index(op.f("ix_prices_meter"), "prices", ["meter"], unique=False)
    op.create_table(
        "price_versions",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("price_id", sa.BigInteger(), nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("model", sa.String(length=16), nullable=False),
        sa.Column("unit_amount", sa.Numeric(precision=38, scale=12), nullable=False),
        sa.Column("allowance", sa.Numeric(precision=38, scale=12), nullable=False),
        sa.Column("package_size", sa.Numeric(precision=38, scale=12), nullable=True),
        sa.Column("tiers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(model = 'package') = (package_size is not null)",
            name=op.f("ck_price_versions_package_size"),
        ),
        sa.CheckConstraint(
            "model in ('flat', 'per_unit', 'package', 'graduated', 'volume')",
            name=op.f("ck_price_versions_model"),
        ),
        sa.CheckConstraint("allowance >= 0", name=op.f("ck_price_versions_allowance")),
        sa.ForeignKeyConstraint(
            ["price_id"], ["prices.id"], name=op.f("fk_price_versions_price_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_versions")),
        sa.UniqueConstraint(
            "price_id", "effective_at", name=op.f("uq_price_versions_price_id_effective_at")
        ),
    )
    op.create_table(
        "services",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("price_id", sa.BigInteger(), nullable=False),
        sa.Column("external_id", sa.String(length=100), nullable=True),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("attached_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("detached_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "detached_at is null or detached_at >= attached_at", name=op.f("ck_services_period")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_services_organization_id")
        ),
        sa.ForeignKeyConstraint(["price_id"], ["prices.id"], name=op.f("fk_services_price_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_services")),
        sa.UniqueConstraint(
            "organization_id", "external_id", name=op.f("uq_services_organization_id_external_id")
        ),
    )
    op.create_index(
        "ix_services_organization_id_price_id",
        "services",
        ["organization_id", "price_id"],
        unique=False,
    )
    op.create_table(
        "service_changes",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("service_id", sa.BigInteger(), nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=38, scale=12), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_service_changes_quantity")),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_service_changes_organization_id"),
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name=op.f("fk_service_changes_service_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_changes")),
        sa.UniqueConstraint(
            "service_id", "effective_at", name=op.f("uq_service_changes_service_id_effective_at")
        ),
    )
    op.create_index(
        op.f("ix_service_changes_organization_id"),
        "service_changes",
        ["organization_id"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_service_changes_organization_id"), table_name="service_changes")
    op.drop_table("service_changes")
    op.drop_index("ix_services_organization_id_price_id", table_name="services")
    op.drop_table("services")
    op.drop_table("price_versions")
    op.drop_index(op.f("ix_prices_meter"), table_name="prices")
    op.drop_table("prices")

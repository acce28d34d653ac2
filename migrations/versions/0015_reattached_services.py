"""Let a service be attached again under its external id, once it has ended"""

import sqlalchemy as sa
from alembic import op

revision = "0015_reattached_services"
down_revision = "0014_usage_follows_services"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("uq_services_organization_id_external_id"), "services", type_="unique")
    op.create_unique_constraint(
        op.f("uq_services_organization_id_external_id_attached_at"),
        "services",
        ["organization_id", "external_id", "attached_at"],
    )
    op.create_index(
        "uq_services_attached_external_id",
        "services",
        ["organization_id", "external_id"],
        unique=True,
        postgresql_where=sa.text("detached_at is null"),
    )


def downgrade() -> None:
    op.drop_index("uq_services_attached_external_id", table_name="services")
    op.drop_constraint(
        op.f("uq_services_organization_id_external_id_attached_at"), "services", type_="unique"
    )
    op.create_unique_constraint(
        op.f("uq_services_organization_id_external_id"),
        "services",
        ["organization_id", "external_id"],
    )

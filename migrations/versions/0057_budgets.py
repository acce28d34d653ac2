"""Keep what a cycle is meant to cost, and what of it was told"""

import sqlalchemy as sa
from alembic import op

revision = "0057_budgets"
down_revision = "0056_products"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
INDEX = "ix_organizations_with_budget"


def upgrade() -> None:
    op.add_column("organizations", sa.Column("budget_cents", sa.BigInteger(), nullable=True))
    op.create_check_constraint("budget", "organizations", "budget_cents > 0")
    op.create_index(
        INDEX, "organizations", ["id"],
        postgresql_include=["budget_cents"],
        postgresql_where=sa.text("budget_cents is not null"),
    )  # fmt: skip
    op.create_table(
        "budget_alerts",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("cycle_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("percent", sa.BigInteger(), nullable=False),
        sa.Column("budget_cents", sa.BigInteger(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("crosses_at", INSTANT, nullable=True),
        sa.Column("is_news", sa.Boolean(), nullable=False),
        sa.Column("noted_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"],
            name="fk_budget_alerts_organization_id_organizations",
        ),
        sa.ForeignKeyConstraint(
            ["cycle_id"], ["billing_cycles.id"], name="fk_budget_alerts_cycle_id_billing_cycles"
        ),
        sa.UniqueConstraint(
            "organization_id", "cycle_id", "budget_cents", "kind", "percent",
            name="uq_budget_alerts_once",
        ),
        sa.CheckConstraint("kind in ('used', 'forecast')", name="kind"),
        sa.CheckConstraint("budget_cents > 0", name="budget"),
    )  # fmt: skip
    op.create_index(
        "ix_budget_alerts_organization_id_id", "budget_alerts", ["organization_id", "id"]
    )
    op.create_table(
        "budget_looks",
        sa.Column("organization_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("budget_cents", sa.BigInteger(), nullable=False),
        sa.Column("forecast_revision", sa.BigInteger(), nullable=True),
        sa.Column("forecast_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"],
            name="fk_budget_looks_organization_id_organizations",
        ),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("budget_looks")
    op.drop_table("budget_alerts")
    op.drop_index(INDEX, "organizations")
    op.drop_constraint(op.f("ck_organizations_budget"), "organizations")
    op.drop_column("organizations", "budget_cents")

"""Note usage that is far from its habit"""

import sqlalchemy as sa
from alembic import op

revision = "0058_unusual_usage"
down_revision = "0057_budgets"
branch_labels = None
depends_on = None

OPEN = sa.text("ended_on is null")


def upgrade() -> None:
    op.create_table(
        "unusual_usage",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("product", sa.String(200), nullable=False),
        sa.Column("began_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("habit_cents", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("service_label", sa.String(200), nullable=True),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"],
            name="fk_unusual_usage_organization_id_organizations",
        ),
        sa.UniqueConstraint(
            "organization_id", "product", "began_on", name="uq_unusual_usage_once"
        ),
    )  # fmt: skip
    op.create_index(
        "uq_unusual_usage_open", "unusual_usage", ["organization_id", "product"],
        unique=True, postgresql_where=OPEN,
    )  # fmt: skip
    op.create_index(
        "ix_unusual_usage_noted_at_open", "unusual_usage", ["noted_at", "id"],
        postgresql_where=OPEN,
    )  # fmt: skip
    op.create_index(
        "ix_unusual_usage_organization_id_id", "unusual_usage", ["organization_id", "id"]
    )


def downgrade() -> None:
    op.drop_table("unusual_usage")

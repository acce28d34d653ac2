"""Keep how much an organization uses in a cycle, for the forecast of the next"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0064_usage_habits"
down_revision = "0063_unsettled"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "usage_habits",
        sa.Column("organization_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("cycle_id", sa.BigInteger(), nullable=False),
        sa.Column("habits", JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_usage_habits_organization_id_organizations",
        ),
        sa.ForeignKeyConstraint(
            ["cycle_id"], ["billing_cycles.id"], name="fk_usage_habits_cycle_id_billing_cycles"
        ),
    )


def downgrade() -> None:
    op.drop_table("usage_habits")

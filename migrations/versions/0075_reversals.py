"""Link a charge or credit with the one that takes it back"""

import sqlalchemy as sa
from alembic import op

revision = "0075_reversals"
down_revision = "0074_invited_by_several"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("adjustments", sa.Column("reverses_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        "fk_adjustments_reverses_id_adjustments",
        "adjustments",
        "adjustments",
        ["reverses_id"],
        ["id"],
    )
    op.create_unique_constraint("uq_adjustments_reverses_id", "adjustments", ["reverses_id"])


def downgrade() -> None:
    op.drop_column("adjustments", "reverses_id")

"""Let a second person approve what moves much money"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0076_proposals"
down_revision = "0075_reversals"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
WAITS = sa.text("state = 'waits'")


def upgrade() -> None:
    op.create_table(
        "proposals",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(120), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("terms", JSONB(), nullable=False),
        sa.Column("basis", JSONB(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("proposed_at", INSTANT, nullable=False),
        sa.Column("proposed_by_id", sa.BigInteger(), nullable=False),
        sa.Column("proposed_by", sa.String(200), nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", sa.String(200), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"],
            name="fk_proposals_organization_id_organizations",
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by_id"], ["users.id"], name="fk_proposals_proposed_by_id_users"
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["users.id"], name="fk_proposals_decided_by_id_users"
        ),
        sa.CheckConstraint("kind in ('adjustment', 'adopt', 'void', 'reversal')", name="kind"),
        sa.CheckConstraint(
            "state in ('waits', 'approved', 'refused', 'withdrawn', 'expired')", name="state"
        ),
        sa.CheckConstraint("(state = 'waits') = (decided_at is null)", name="decided"),
        sa.CheckConstraint(
            "state not in ('approved', 'refused') or decided_by_id <> proposed_by_id",
            name="four_eyes",
        ),
        sa.CheckConstraint("state <> 'refused' or answer is not null", name="answer"),
    )  # fmt: skip
    op.create_index(
        "uq_proposals_one_waits",
        "proposals",
        ["organization_id", "kind", "subject"],
        unique=True,
        postgresql_where=WAITS,
    )
    op.create_index("ix_proposals_organization_id_id", "proposals", ["organization_id", "id"])
    op.create_index("ix_proposals_waiting", "proposals", ["ends_at"], postgresql_where=WAITS)


def downgrade() -> None:
    op.drop_table("proposals")

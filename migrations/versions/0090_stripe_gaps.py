"""Keep what Stripe and the ledger do not both know

Revision ID: 0090_stripe_gaps
Revises: 0089_ledger_runs
"""

import sqlalchemy as sa
from alembic import op

revision = "0090_stripe_gaps"
down_revision = "0089_ledger_runs"
branch_labels = None
depends_on = None


def instant(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def number(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "stripe_gaps",
        number("id"),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("stripe_id", sa.String(64), nullable=False),
        number("organization_id", nullable=True),
        number("sequence", nullable=True),
        sa.Column("told", sa.Text(), nullable=False),
        instant("first_seen_at"),
        instant("last_seen_at"),
        instant("confirmed_at", nullable=True),
        instant("gone_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stripe_gaps")),
    )
    op.create_index(
        "uq_stripe_gaps_open", "stripe_gaps", ["kind", "stripe_id"], unique=True,
        postgresql_where=sa.text("gone_at is null"),
    )  # fmt: skip
    op.create_index("ix_stripe_gaps_gone_at", "stripe_gaps", ["gone_at"])
    op.create_table(
        "gap_rounds",
        number("id"),
        sa.Column("kind", sa.String(20), nullable=False),
        number("part"),
        sa.Column("after", sa.String(64), nullable=True),
        number("reads"),
        number("seen"),
        instant("begun_at"),
        instant("moved_at"),
        instant("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gap_rounds")),
    )
    op.create_index(
        "uq_gap_rounds_open", "gap_rounds", ["kind"], unique=True,
        postgresql_where=sa.text("ended_at is null"),
    )  # fmt: skip
    op.create_table(
        "seen_at_stripe",
        sa.Column("stripe_id", sa.String(64), nullable=False),
        instant("seen_at"),
        sa.PrimaryKeyConstraint("stripe_id", name=op.f("pk_seen_at_stripe")),
    )


def downgrade() -> None:
    op.drop_table("seen_at_stripe")
    op.drop_table("gap_rounds")
    op.drop_table("stripe_gaps")

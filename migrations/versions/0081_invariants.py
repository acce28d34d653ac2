"""Keep what looks at the money found, and how far each round of them is

Revision ID: 0081_invariants
Revises: 0080_mails_to_proposers
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0081_invariants"
down_revision = "0080_mails_to_proposers"
branch_labels = None
depends_on = None


def instant(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "invariant_findings",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("invariant", sa.String(40), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("places", sa.BigInteger(), nullable=False),
        sa.Column("examples", JSONB(), nullable=False),
        instant("first_seen_at"),
        instant("last_seen_at"),
        instant("confirmed_at", nullable=True),
        instant("cleared_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invariant_findings")),
        sa.CheckConstraint("places > 0", name=op.f("ck_invariant_findings_places")),
    )
    is_open, is_cleared = sa.text("cleared_at is null"), sa.text("cleared_at is not null")
    op.create_index(
        "uq_invariant_findings_open", "invariant_findings", ["organization_id", "invariant"],
        unique=True, postgresql_where=is_open,
    )  # fmt: skip
    op.create_index(
        "ix_invariant_findings_seen", "invariant_findings", ["last_seen_at"],
        postgresql_where=is_open,
    )  # fmt: skip
    op.create_index(
        "ix_invariant_findings_cleared_at", "invariant_findings", ["cleared_at"],
        postgresql_where=is_cleared,
    )  # fmt: skip
    op.create_table(
        "invariant_rounds",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("invariants", JSONB(), nullable=False),
        sa.Column("asked_by", sa.String(200), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("looked", sa.BigInteger(), nullable=False),
        sa.Column("found", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        instant("begun_at"),
        instant("moved_at"),
        instant("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invariant_rounds")),
    )
    op.create_index(
        "ix_invariant_rounds_open", "invariant_rounds", ["id"],
        postgresql_where=sa.text("ended_at is null"),
    )  # fmt: skip
    op.create_index("ix_invariant_rounds_ended_at", "invariant_rounds", ["ended_at"])


def downgrade() -> None:
    op.drop_table("invariant_rounds")
    op.drop_table("invariant_findings")

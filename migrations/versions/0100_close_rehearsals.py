"""Keep what a rehearsal of a day's closes said of each bill

Revision ID: 0100_close_rehearsals
Revises: 0099_closing_pauses
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0100_close_rehearsals"
down_revision = "0099_closing_pauses"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "close_rehearsals",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("asked_by", sa.String(200), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("looked", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        if_not_exists=True,
    )
    op.create_index(
        "uq_close_rehearsals_open", "close_rehearsals", [sa.text("(true)")], unique=True,
        postgresql_where=sa.text("ended_at is null"), if_not_exists=True,
    )  # fmt: skip
    op.create_table(
        "rehearsed_bills",
        sa.Column(
            "rehearsal_id", sa.BigInteger(),
            sa.ForeignKey("close_rehearsals.id", ondelete="cascade"), primary_key=True,
            autoincrement=False,
        ),
        sa.Column("invoice_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("total_cents", sa.BigInteger(), nullable=False),
        sa.Column("expected_cents", sa.BigInteger(), nullable=False),
        sa.Column("before_cents", sa.BigInteger(), nullable=True),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("would_hold", sa.String(40), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("anomalies", postgresql.JSONB(), nullable=False),
        if_not_exists=True,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("rehearsed_bills")
    op.drop_table("close_rehearsals")

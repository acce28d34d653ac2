"""Pause all closings, and finalize in the order of what a bill comes to

Revision ID: 0099_closing_pauses
Revises: 0098_returned_otherwise

What a release before this seals has rank 0 and is finalized after what has one.
"""

import sqlalchemy as sa
from alembic import op

revision = "0099_closing_pauses"
down_revision = "0098_returned_otherwise"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_invoices_to_finalize": "(finalize_rank, id) where status = 'sealed'",
    "ix_invoices_finalized_at": "(finalized_at) where finalized_at is not null",
}


def upgrade() -> None:
    op.create_table(
        "closing_pauses",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_by", sa.String(length=200), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=200), nullable=True),
        sa.CheckConstraint("until_at > begun_at", name="until"),
        if_not_exists=True,
    )
    op.create_index(
        "uq_closing_pauses_open", "closing_pauses", [sa.text("(true)")], unique=True,
        postgresql_where=sa.text("ended_at is null"), if_not_exists=True,
    )  # fmt: skip
    op.execute(
        "alter table invoices"
        " add column if not exists finalize_rank bigint not null default 0,"
        " add column if not exists finalize_after_at timestamp with time zone"
    )
    with op.get_context().autocommit_block():
        for name, what in INDEXES.items():
            op.execute(f"drop index concurrently if exists {name}")
            op.execute(f"create index concurrently {name} on invoices {what}")


def downgrade() -> None:
    for name in INDEXES:
        op.drop_index(name)
    op.drop_column("invoices", "finalize_after_at")
    op.drop_column("invoices", "finalize_rank")
    op.drop_table("closing_pauses")

"""Keep what is too much to count for a page, and find what ended by when it did

Revision ID: 0044_counts_kept
Revises: 0043_few_of_many

With 50,000 organizations there are a million runs a day, and every look at the fleet read them all.
"""

import sqlalchemy as sa
from alembic import op

revision = "0044_counts_kept"
down_revision = "0043_few_of_many"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_sync_runs_failed": "(id) where state = 'failed'",
    "ix_sync_runs_finished_at": (
        "(finished_at) include (state, calls_made) where finished_at is not null"
    ),
}


def upgrade() -> None:
    op.create_table(
        "kept_counts",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "run_tallies",
        sa.Column("minute", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("succeeded", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        if_not_exists=True,
    )
    with op.get_context().autocommit_block():
        for name, rows in INDEXES.items():
            # One that was broken off in the midst is there and is not used.
            op.execute(f"drop index concurrently if exists {name}")
            op.execute(f"create index concurrently {name} on sync_runs {rows}")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name in INDEXES:
            op.execute(f"drop index concurrently if exists {name}")
    op.drop_table("run_tallies")
    op.drop_table("kept_counts")

"""Keep steps of calls that no sync makes

Revision ID: 0082_steps_of_no_sync
Revises: 0081_invariants

A credit note or a refund is written ahead as any other call is, and has no run.
"""

from alembic import op

revision = "0082_steps_of_no_sync"
down_revision = "0081_invariants"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("sync_steps", "run_id", nullable=True)


def downgrade() -> None:
    op.execute("delete from sync_steps where run_id is null")
    op.alter_column("sync_steps", "run_id", nullable=False)

"""Find the refunds that failed and the disputes that were lost, as long as nobody has seen to them

Revision ID: 0096_unsettled_corrections
Revises: 0095_refunds
"""

from alembic import op

revision = "0096_unsettled_corrections"
down_revision = "0095_refunds"
branch_labels = None
depends_on = None

NAME = "ix_corrections_unsettled"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(f"drop index concurrently if exists {NAME}")
        op.execute(
            f"create index concurrently {NAME} on corrections (kind, made_at)"
            " where status in ('failed', 'canceled', 'lost') and settled_at is null"
        )


def downgrade() -> None:
    op.drop_index(NAME)

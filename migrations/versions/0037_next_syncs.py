"""Find due syncs by an index that a new revision does not change

Revision ID: 0037_next_syncs
Revises: 0036_invitations

Each change of a bill raises its revision. While that was in the condition of an index, PostgreSQL
had to write a new entry into every index of the table each time. A bill in step has no next sync.
"""

import sqlalchemy as sa
from alembic import op

revision = "0037_next_syncs"
down_revision = "0036_invitations"
branch_labels = None
depends_on = None

UNFINISHED = "status in ('draft', 'closing')"
DIRTY = "(revision > synced_revision or needs_verification)"


def upgrade() -> None:
    op.create_index(
        "ix_invoices_next_sync_at",
        "invoices",
        ["next_sync_at"],
        postgresql_where=sa.text(f"next_sync_at is not null and {UNFINISHED}"),
    )
    op.drop_index("ix_invoices_dirty", "invoices")


def downgrade() -> None:
    op.create_index(
        "ix_invoices_dirty",
        "invoices",
        ["next_sync_at"],
        postgresql_where=sa.text(f"{DIRTY} and {UNFINISHED}"),
    )
    op.drop_index("ix_invoices_next_sync_at", "invoices")

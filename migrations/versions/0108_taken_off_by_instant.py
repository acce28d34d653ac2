"""Tell what was taken off by its instant as well

Revision ID: 0108_taken_off_by_instant
Revises: 0107_billing_address

A key that was forgotten may be used for another record: what became of the first one is not said
of that.
"""

from alembic import op

revision = "0108_taken_off_by_instant"
down_revision = "0107_billing_address"
branch_labels = None
depends_on = None

KEY, MADE = "pk_usage_taken_off", "usage_taken_off_key"


def upgrade() -> None:
    _key_by("organization_id, key, recorded_at")


def downgrade() -> None:
    _key_by("organization_id, key")


def _key_by(columns: str) -> None:
    """Make the index beside the work, and only then let it be the key."""
    with op.get_context().autocommit_block():
        op.execute(f"drop index concurrently if exists {MADE}")
        op.execute(f"create unique index concurrently {MADE} on usage_taken_off ({columns})")
        op.execute(
            f"alter table usage_taken_off drop constraint if exists {KEY},"
            f" add constraint {KEY} primary key using index {MADE}"
        )

"""Find in the logs what is rare in them

Revision ID: 0045_rare_in_logs
Revises: 0044_counts_kept

An action or a type is looked for by how it begins; the index of before could answer that only in
databases whose letters are in the order of their bytes.
"""

from alembic import op

revision = "0045_rare_in_logs"
down_revision = "0044_counts_kept"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_webhook_events_type_id": "webhook_events (type varchar_pattern_ops, id)",
    "ix_audit_entries_action_and_id": "audit_entries (action varchar_pattern_ops, id)",
    "ix_audit_entries_actor_label_id": "audit_entries (actor_label, id)",
}
BEFORE = {"ix_audit_entries_action_id": "audit_entries (action, id)"}


def upgrade() -> None:
    replace(BEFORE, INDEXES)


def downgrade() -> None:
    replace(INDEXES, BEFORE)


def replace(old: dict[str, str], new: dict[str, str]) -> None:
    with op.get_context().autocommit_block():
        for name, rows in new.items():
            # One that was broken off in the midst is there and is not used.
            op.execute(f"drop index concurrently if exists {name}")
            op.execute(f"create index concurrently {name} on {rows}")
        for name in old:
            op.execute(f"drop index concurrently if exists {name}")

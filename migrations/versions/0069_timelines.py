"""Read what happened to one organization by time, from each log that there is

Made while everybody goes on: the logs are the largest tables beside usage.
"""

from alembic import op

revision = "0069_timelines"
down_revision = "0068_ids_of_stripe"
branch_labels = None
depends_on = None

INDEXES = {
    # Holds the action, so that a kind that is rare is found without a look at the rows.
    "ix_audit_entries_timeline": "audit_entries (organization_id, at, id) include (action)",
    "ix_sync_runs_timeline": "sync_runs (organization_id, created_at, id)",
    "ix_webhook_events_timeline": (
        "webhook_events (about, received_at, id) where about is not null and state <> 'ignored'"
    ),
}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, rows in INDEXES.items():
            # One that was broken off in the midst is there and is not used.
            op.execute(f"drop index concurrently if exists {name}")
            op.execute(f"create index concurrently {name} on {rows}")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name in INDEXES:
            op.execute(f"drop index concurrently if exists {name}")

"""Find services by how their names begin, lines and requests by their ids at Stripe

Revision ID: 0068_ids_of_stripe
Revises: 0067_fleet_samples
"""

from alembic import op

revision = "0068_ids_of_stripe"
down_revision = "0067_fleet_samples"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_services_external_id_begins": "services (external_id varchar_pattern_ops)",
    "ix_services_label_begins": "services (lower(label) text_pattern_ops)",
    "ix_synced_lines_stripe_line_id": (
        "synced_lines (stripe_line_id) where stripe_line_id is not null"
    ),
    "ix_foreign_lines_stripe_line_id": "foreign_lines (stripe_line_id)",
    "ix_sync_steps_stripe_request_id": (
        "sync_steps (stripe_request_id) where stripe_request_id is not null"
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

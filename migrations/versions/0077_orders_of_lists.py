"""Read lists in the orders that they are offered in

Revision ID: 0077_orders_of_lists
Revises: 0076_proposals

Made while everybody goes on. The first is what the clock finds ended cycles by, with the
organization beside the end, so that a page of the list begins anywhere in it.
"""

from alembic import op

revision = "0077_orders_of_lists"
down_revision = "0076_proposals"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_invoices_ending": "invoices (period_end, organization_id) where status = 'draft'",
    "ix_users_staff": "users (name, id) where role <> 'customer'",
    "ix_users_deactivated": "users (name, id) where is_active is false",
}
BEFORE = {"ix_invoices_period_end_draft": "invoices (period_end) where status = 'draft'"}


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

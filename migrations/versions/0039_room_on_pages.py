"""Leave room on the pages of bills for the next version of a row

Revision ID: 0039_room_on_pages
Revises: 0038_claimed_by

Every fold changes an item's quantity and its invoice's total. Where the page has room for it, no
index is written (HOT). Pages that are there already fill up and are cleared as they were.
"""

from alembic import op

revision = "0039_room_on_pages"
down_revision = "0038_claimed_by"
branch_labels = None
depends_on = None

TABLES = ("invoices", "invoice_items", "usage_totals")


def upgrade() -> None:
    for table in TABLES:
        op.execute(f"alter table {table} set (fillfactor = 80)")


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"alter table {table} reset (fillfactor)")

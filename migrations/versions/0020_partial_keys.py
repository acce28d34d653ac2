"""Let Stripe's ids be set without holding up whoever refers to the row

A column of a whole unique index counts as a key that foreign keys may refer to, and setting one
locks the row against every row that is added for it: an item, a step, a usage total. A partial
index keeps the ids as unique and is not counted.
"""

from alembic import op

revision = "0020_partial_keys"
down_revision = "0019_invoices_read_at"
branch_labels = None
depends_on = None

KEYS = (("invoices", "stripe_invoice_id"), ("organizations", "stripe_customer_id"))


def upgrade() -> None:
    for table, column in KEYS:
        name = f"uq_{table}_{column}"
        op.drop_constraint(name, table)
        op.create_index(
            name, table, [column], unique=True, postgresql_where=f"{column} is not null"
        )


def downgrade() -> None:
    for table, column in KEYS:
        name = f"uq_{table}_{column}"
        op.drop_index(name, table)
        op.create_unique_constraint(name, table, [column])

"""Find the few organizations and invoices in trouble without a look at all of them

Revision ID: 0043_few_of_many
Revises: 0042_partitions_by_owner

Made while everybody goes on: with 600,000 invoices each takes a second or more.
"""

from alembic import op

revision = "0043_few_of_many"
down_revision = "0042_partitions_by_owner"
branch_labels = None
depends_on = None

PARKED = "parked_at is not null"
UNPAID = "status = 'open' and payment_failure is not null"
FAILING = "sync_failures > 0 and status in ('draft', 'closing', 'sealed')"
HOLDING = "decision is null or decision = 'leave'"
INDEXES = {
    # Holds what a search by part of a text reads, in the order of the list.
    "ix_organizations_listed": "organizations (name, id) include (slug, email)",
    "ix_organizations_tags": "organizations using gin (tags)",
    "ix_invoices_number": "invoices (number) where number is not null",
    "ix_invoices_parked": f"invoices (parked_at, id) where {PARKED}",
    "ix_invoices_parked_of": f"invoices (organization_id) where {PARKED}",
    "ix_invoices_unpaid": f"invoices (finalized_at, id) where {UNPAID}",
    "ix_invoices_unpaid_of": f"invoices (organization_id) where {UNPAID}",
    "ix_invoices_failing": f"invoices (sync_failures, organization_id) where {FAILING}",
    "ix_invoices_to_reread": (
        "invoices (stripe_read_at, id) where status in ('open', 'uncollectible')"
    ),
    "ix_foreign_lines_holding": f"foreign_lines (organization_id, invoice_id) where {HOLDING}",
}
BEFORE = {
    "ix_organizations_name_id": "organizations (name, id)",
    "ix_invoices_to_read": "invoices (stripe_read_at) where status in ('open', 'uncollectible')",
}


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

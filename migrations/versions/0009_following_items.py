"""Let a void item be billed again, and a credit that nobody was billed be taken back"""

from alembic import op

revision = "0009_following_items"
down_revision = "0008_what_stripe_told"
branch_labels = None
depends_on = None

KIND = "ck_invoice_items_kind"
OLD = "kind in ('recurring', 'metered', 'adjustment', 'carry_over')"
NEW = "kind in ('recurring', 'metered', 'adjustment', 'carry_over', 'rebilled', 'taken_back')"
ONCE = "uq_invoice_items_carried_from_id"


def upgrade() -> None:
    op.drop_constraint(op.f(KIND), "invoice_items", type_="check")
    op.create_check_constraint(op.f(KIND), "invoice_items", NEW)
    # Each of the ways an item can go on, once.
    op.create_unique_constraint(op.f(f"{ONCE}_kind"), "invoice_items", ["carried_from_id", "kind"])
    op.drop_constraint(op.f(ONCE), "invoice_items", type_="unique")


def downgrade() -> None:
    op.create_unique_constraint(op.f(ONCE), "invoice_items", ["carried_from_id"])
    op.drop_constraint(op.f(f"{ONCE}_kind"), "invoice_items", type_="unique")
    op.drop_constraint(op.f(KIND), "invoice_items", type_="check")
    op.create_check_constraint(op.f(KIND), "invoice_items", OLD)

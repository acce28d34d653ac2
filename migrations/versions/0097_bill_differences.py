"""Keep what is decided of bills that Stripe made differently, and note bills nobody charges

Revision ID: 0097_bill_differences
Revises: 0096_unsettled_corrections

The check of proposals is put in place without a look at the rows there are, all of which fit, and
then looked through while everybody goes on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0097_bill_differences"
down_revision = "0096_unsettled_corrections"
branch_labels = None
depends_on = None

KINDS = "'adjustment', 'adopt', 'void', 'reversal', 'credit_note', 'note_void', 'reissue', 'refund'"
# Automatic bills whose customer was deleted at Stripe: late from here on, as what was declined is.
UNCHARGED = """
update invoices set payment_failed_at = organizations.customer_lost_at,
  payment_failure = 'Its customer was deleted at Stripe, so no one is charged for it.'
from organizations
where organizations.id = invoices.organization_id and invoices.status = 'open'
  and due_at is null and payment_failure is null
  and finalized_at <= organizations.customer_lost_at
"""


def upgrade() -> None:
    op.create_table(
        "difference_decisions",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column(
            "organization_id", sa.BigInteger(), sa.ForeignKey("organizations.id"), nullable=False
        ),
        sa.Column("invoice_id", sa.BigInteger(), sa.ForeignKey("invoices.id"), nullable=False),
        sa.Column("decision", sa.String(8), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("note_id", sa.BigInteger(), sa.ForeignKey("credit_notes.id"), nullable=True),
        sa.Column("adjustment_id", sa.BigInteger(), sa.ForeignKey("adjustments.id"), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.String(200), nullable=False),
        sa.Column("actor_kind", sa.String(10), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("actor_label", sa.String(200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("organization_id", "idempotency_key"),
        sa.UniqueConstraint("note_id"),
        sa.UniqueConstraint("adjustment_id"),
        sa.CheckConstraint("decision in ('credit', 'carry', 'leave')", name="decision"),
        sa.CheckConstraint("cents <> 0", name="cents"),
        sa.CheckConstraint("(decision = 'credit') = (note_id is not null)", name="note"),
        sa.CheckConstraint(
            "(decision = 'carry') = (adjustment_id is not null)", name="adjustment"
        ),
        if_not_exists=True,
    )  # fmt: skip
    op.create_index(
        "ix_difference_decisions_invoice_id", "difference_decisions", ["invoice_id"],
        if_not_exists=True,
    )  # fmt: skip
    allow(f"{KINDS}, 'difference'")
    # By itself: its rows are locked no longer than it takes, and the locks of the above are gone.
    with op.get_context().autocommit_block():
        op.execute(UNCHARGED)


def downgrade() -> None:
    allow(KINDS)
    op.drop_table("difference_decisions")


def allow(kinds: str) -> None:
    check = f"check (kind in ({kinds})) not valid"
    with op.get_context().autocommit_block():
        op.execute(
            "alter table proposals drop constraint if exists ck_proposals_kind, "
            f"add constraint ck_proposals_kind {check}"
        )
        op.execute("alter table proposals validate constraint ck_proposals_kind")

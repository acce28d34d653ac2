"""Keep refunds that are made here, and of each refund and dispute whose money it is

Revision ID: 0095_refunds
Revises: 0094_cycle_lengths

The new columns have no value for what was told before: that counts against every payment of its
invoice. Checks are put in place without a look at the rows there are, all of which fit, and then
looked through while everybody goes on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0095_refunds"
down_revision = "0094_cycle_lengths"
branch_labels = None
depends_on = None

KINDS = "'adjustment', 'adopt', 'void', 'reversal', 'credit_note', 'note_void', 'reissue'"


def upgrade() -> None:
    # First, as it ends the transaction: what is made before would be there when it is run again.
    allow(f"{KINDS}, 'refund'")
    op.create_table(
        "refunds",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column(
            "organization_id", sa.BigInteger(), sa.ForeignKey("organizations.id"), nullable=False
        ),
        sa.Column("invoice_id", sa.BigInteger(), sa.ForeignKey("invoices.id"), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("purpose", sa.String(10), nullable=False),
        sa.Column("payment", sa.String(64), nullable=False),
        sa.Column("paid_by", sa.String(64), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.String(200), nullable=False),
        sa.Column("actor_kind", sa.String(10), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("actor_label", sa.String(200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stripe_id", sa.String(64), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.UniqueConstraint("organization_id", "idempotency_key"),
        sa.UniqueConstraint("stripe_id"),
        sa.CheckConstraint("state in ('planned', 'made', 'refused')", name="state"),
        sa.CheckConstraint("purpose in ('duplicate', 'overpaid', 'goodwill')", name="purpose"),
        sa.CheckConstraint("amount_cents > 0", name="amount"),
        sa.CheckConstraint("(state = 'planned') = (ended_at is null)", name="ended"),
        sa.CheckConstraint("(state = 'made') = (stripe_id is not null)", name="told"),
    )
    op.create_index("ix_refunds_invoice_id", "refunds", ["invoice_id"])
    op.create_index(
        "uq_refunds_one_planned", "refunds", ["invoice_id"], unique=True,
        postgresql_where=sa.text("state = 'planned'"),
    )  # fmt: skip
    op.create_index(
        "ix_refunds_not_made", "refunds", ["created_at"],
        postgresql_where=sa.text("state in ('planned', 'refused')"),
    )  # fmt: skip
    op.add_column("corrections", sa.Column("paid_by", sa.String(64), nullable=True))
    op.add_column("corrections", sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    allow(KINDS)
    op.drop_column("corrections", "settled_at")
    op.drop_column("corrections", "paid_by")
    op.drop_table("refunds")


def allow(kinds: str) -> None:
    check = f"check (kind in ({kinds})) not valid"
    with op.get_context().autocommit_block():
        op.execute(
            "alter table proposals drop constraint ck_proposals_kind, "
            f"add constraint ck_proposals_kind {check}"
        )
        op.execute("alter table proposals validate constraint ck_proposals_kind")

"""Keep of each invoice when Stripe last told of it, and what was credited, paid and tried"""

import sqlalchemy as sa
from alembic import op

revision = "0008_what_stripe_told"
down_revision = "0007_unreadable_events"
branch_labels = None
depends_on = None

AMOUNTS = (
    "amount_remaining_cents",
    "pre_payment_credit_notes_cents",
    "post_payment_credit_notes_cents",
    "overpaid_cents",
    "paid_off_stripe_cents",
    "attempt_count",
)


def upgrade() -> None:
    op.add_column("invoices", sa.Column("stripe_told_at", sa.DateTime(timezone=True)))
    op.add_column("invoices", sa.Column("stripe_told_by", sa.String(length=64)))
    for name in AMOUNTS:
        op.add_column("invoices", sa.Column(name, sa.BigInteger()))
    op.add_column(
        "invoices",
        sa.Column("failed_attempts", sa.BigInteger(), nullable=False, server_default="0"),
    )
    # Of a finalized invoice nothing is left to verify; only drafts are compared.
    op.execute(
        "update invoices set needs_verification = false where needs_verification"
        " and status in ('open', 'paid', 'uncollectible', 'void')"
    )


def downgrade() -> None:
    for name in ("failed_attempts", *reversed(AMOUNTS), "stripe_told_by", "stripe_told_at"):
        op.drop_column("invoices", name)

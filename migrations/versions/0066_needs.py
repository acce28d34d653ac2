"""Keep what needs a person, with what people decided about it, until it is settled

Revision ID: 0066_needs
Revises: 0065_item_changes
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0066_needs"
down_revision = "0065_item_changes"
branch_labels = None
depends_on = None

OPEN = sa.text("settled_at is null")
DUE = "ix_invoices_due_at"


def upgrade() -> None:
    op.create_table(
        "needs",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=True),
        sa.Column("facts", JSONB(), nullable=False),
        sa.Column("stake_cents", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(3), nullable=True),
        sa.Column("weight", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.String(200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_needs")),
        sa.CheckConstraint(
            "(stake_cents is null) = (currency is null)", name=op.f("ck_needs_stake")
        ),
        sa.CheckConstraint(
            "settled_by is null or settled_at is not null", name=op.f("ck_needs_settled")
        ),
        if_not_exists=True,
    )
    op.create_index(
        "uq_needs_open",
        "needs",
        ["kind", "subject"],
        unique=True,
        postgresql_where=OPEN,
        if_not_exists=True,
    )
    op.create_index(
        "ix_needs_by_stake",
        "needs",
        [sa.text("weight desc"), "since", "id"],
        postgresql_where=OPEN,
        if_not_exists=True,
    )
    op.create_index(
        "ix_needs_settled_at",
        "needs",
        ["settled_at"],
        postgresql_where=sa.text("settled_at is not null"),
        if_not_exists=True,
    )
    with op.get_context().autocommit_block():
        # One that was broken off in the midst is there and is not used.
        op.execute(f"drop index concurrently if exists {DUE}")
        op.execute(
            f"create index concurrently {DUE} on invoices (due_at)"
            " where status = 'open' and due_at is not null"
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(f"drop index concurrently if exists {DUE}")
    op.drop_table("needs")

"""Keep what a void invoice held until a person decides on it"""

import sqlalchemy as sa
from alembic import op

revision = "0010_void_cases"
down_revision = "0009_following_items"
branch_labels = None
depends_on = None

# Until now a void invoice counted as billed: what each still asks for is a case of its own.
OPEN_OLD_CASES = """
insert into void_cases (invoice_id, organization_id, state, cents, opened_at)
select id, organization_id, 'undecided', 0, coalesce(voided_at, created_at)
  from invoices where status = 'void'
"""
CLAIM_OLD_ITEMS = """
insert into void_claims (item_id, invoice_id, claimed_cents, cents)
select item_id, invoice_id, due, due from (
  select item.id as item_id, item.invoice_id,
         least(greatest(item.amount_cents - item.carried_cents, least(item.amount_cents, 0)),
               greatest(item.amount_cents, 0)) as due
    from invoice_items item join void_cases on void_cases.invoice_id = item.invoice_id
) asked where due <> 0
"""
SUM_OLD_CASES = """
update void_cases set cents = claimed.cents
  from (select invoice_id, sum(cents) as cents from void_claims group by invoice_id) claimed
 where claimed.invoice_id = void_cases.invoice_id
"""


def upgrade() -> None:
    op.create_table(
        "void_cases",
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("billed_on_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state in ('undecided', 'billed', 'written_off')", name=op.f("ck_void_cases_state")
        ),
        sa.CheckConstraint(
            "(state = 'undecided') = (decided_at is null)", name=op.f("ck_void_cases_decided")
        ),
        sa.CheckConstraint(
            "(state = 'billed') = (billed_on_id is not null)", name=op.f("ck_void_cases_billed_on")
        ),
        sa.CheckConstraint(
            "state <> 'written_off' or reason is not null", name=op.f("ck_void_cases_reason")
        ),
        sa.ForeignKeyConstraint(
            ["billed_on_id"], ["invoices.id"], name=op.f("fk_void_cases_billed_on_id")
        ),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoices.id"], name=op.f("fk_void_cases_invoice_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_void_cases_organization_id")
        ),
        sa.PrimaryKeyConstraint("invoice_id", name=op.f("pk_void_cases")),
    )
    op.create_index(
        "ix_void_cases_undecided",
        "void_cases",
        ["organization_id"],
        postgresql_where=sa.text("state = 'undecided' and cents <> 0"),
    )
    op.create_table(
        "void_claims",
        sa.Column("item_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("claimed_cents", sa.BigInteger(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["void_cases.invoice_id"], name=op.f("fk_void_claims_invoice_id")
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["invoice_items.id"], name=op.f("fk_void_claims_item_id")
        ),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_void_claims")),
    )
    op.create_index(op.f("ix_void_claims_invoice_id"), "void_claims", ["invoice_id"])
    for statement in (OPEN_OLD_CASES, CLAIM_OLD_ITEMS, SUM_OLD_CASES):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("void_claims")
    op.drop_table("void_cases")

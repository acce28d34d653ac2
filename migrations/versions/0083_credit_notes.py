"""Keep credit notes made here, and what they take off each line

Revision ID: 0083_credit_notes
Revises: 0082_steps_of_no_sync

The column's default is kept beside the table, so adding it writes no row. Checks are put in place
without a look at the rows there are, all of which fit, and then looked through while everybody goes
on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0083_credit_notes"
down_revision = "0082_steps_of_no_sync"
branch_labels = None
depends_on = None

FROZEN = "BL001"
SEALED_MARKS = (
    "carried_cents", "updated_at", "changed_at", "cause", "cause_id", "actor_kind", "actor_id",
    "actor_label",
)  # fmt: skip
KINDS = "'adjustment', 'adopt', 'void', 'reversal'"
GUARD = """
create or replace function guard_invoice_items() returns trigger language plpgsql as $$
declare
  bill record;
begin
  select id, status into bill from invoices
    where id = case when tg_op = 'DELETE' then old.invoice_id else new.invoice_id end;
  if bill.status in ('draft', 'closing') then
    return case when tg_op = 'DELETE' then old else new end;
  end if;
  -- What Stripe finalized without is marked on the sealed item; nothing else about it may change.
  if tg_op = 'UPDATE' and bill.status = 'sealed'
     and to_jsonb(new) - array[{marks}] = to_jsonb(old) - array[{marks}] then
    return new;
  end if;
{credited}  raise exception 'invoice % is %: its items can not change', bill.id, bill.status
    using errcode = '{frozen}';
end $$
"""
CREDITED = """\
  -- Nor about an issued one, but what credit notes took off it: never more than it bills.
  if tg_op = 'UPDATE' and bill.status in ('open', 'paid', 'uncollectible', 'void')
     and to_jsonb(new) - 'credited_cents' = to_jsonb(old) - 'credited_cents'
     and new.credited_cents between 0 and greatest(new.amount_cents - new.carried_cents, 0) then
    return new;
  end if;
"""


def upgrade() -> None:
    # First, as it ends the transaction: all that follows is done or not.
    allow(f"{KINDS}, 'credit_note'")
    op.add_column(
        "invoice_items",
        sa.Column("credited_cents", sa.BigInteger(), server_default="0", nullable=False),
    )
    op.create_table(
        "credit_notes",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column(
            "organization_id", sa.BigInteger(), sa.ForeignKey("organizations.id"), nullable=False
        ),
        sa.Column("invoice_id", sa.BigInteger(), sa.ForeignKey("invoices.id"), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("refund_cents", sa.BigInteger(), nullable=False),
        sa.Column("balance_cents", sa.BigInteger(), nullable=False),
        sa.Column("outside_cents", sa.BigInteger(), nullable=False),
        sa.Column("memo", sa.String(500), nullable=False),
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
        sa.CheckConstraint("state in ('planned', 'issued', 'refused', 'void')", name="state"),
        sa.CheckConstraint(
            "amount_cents > 0 and refund_cents >= 0 and balance_cents >= 0 and outside_cents >= 0"
            " and refund_cents + balance_cents + outside_cents <= amount_cents",
            name="amounts",
        ),
        sa.CheckConstraint("(state = 'planned') = (ended_at is null)", name="ended"),
        sa.CheckConstraint("(state in ('issued', 'void')) = (stripe_id is not null)", name="told"),
    )
    op.create_index("ix_credit_notes_invoice_id", "credit_notes", ["invoice_id"])
    op.create_index(
        "uq_credit_notes_one_planned", "credit_notes", ["invoice_id"], unique=True,
        postgresql_where=sa.text("state = 'planned'"),
    )  # fmt: skip
    op.create_index(
        "ix_credit_notes_not_issued", "credit_notes", ["created_at"],
        postgresql_where=sa.text("state in ('planned', 'refused')"),
    )  # fmt: skip
    op.create_table(
        "credit_note_lines",
        sa.Column("note_id", sa.BigInteger(), sa.ForeignKey("credit_notes.id"), primary_key=True),
        sa.Column("item_id", sa.BigInteger(), sa.ForeignKey("invoice_items.id"), primary_key=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_cents > 0", name="amount"),
    )
    op.create_index("ix_credit_note_lines_item_id", "credit_note_lines", ["item_id"])
    op.execute(
        "create trigger credit_note_lines_are_facts before update or delete on credit_note_lines "
        "for each row execute function refuse_change()"
    )
    op.execute(guard(CREDITED))


def downgrade() -> None:
    allow(KINDS)
    op.execute(guard(""))
    op.drop_table("credit_note_lines")
    op.drop_table("credit_notes")
    op.drop_column("invoice_items", "credited_cents")


def guard(credited: str) -> str:
    marks = ", ".join(f"'{name}'" for name in SEALED_MARKS)
    return GUARD.format(marks=marks, credited=credited, frozen=FROZEN)


def allow(kinds: str) -> None:
    check = f"check (kind in ({kinds})) not valid"
    with op.get_context().autocommit_block():
        op.execute(
            "alter table proposals drop constraint ck_proposals_kind, "
            f"add constraint ck_proposals_kind {check}"
        )
        op.execute("alter table proposals validate constraint ck_proposals_kind")

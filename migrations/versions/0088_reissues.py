"""Keep what is taken back and billed again, in one act

Revision ID: 0088_reissues
Revises: 0087_mails_of_bills

A table of its own, which an older release does not look at, and a column whose default is kept
beside the table, so adding it writes no row. The check of proposals is put in place without a look
at the rows there are, all of which fit, and then looked through while everybody goes on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0088_reissues"
down_revision = "0087_mails_of_bills"
branch_labels = None
depends_on = None

FROZEN = "BL001"
SEALED_MARKS = (
    "carried_cents", "updated_at", "changed_at", "cause", "cause_id", "actor_kind", "actor_id",
    "actor_label",
)  # fmt: skip
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
REISSUED = """\
  -- Nor about an issued one, but what credit notes took off it: never more than it bills. And of
  -- that, what was to be billed again.
  if tg_op = 'UPDATE' and bill.status in ('open', 'paid', 'uncollectible', 'void')
     and to_jsonb(new) - array['credited_cents', 'reissued_cents']
       = to_jsonb(old) - array['credited_cents', 'reissued_cents']
     and new.credited_cents between 0 and greatest(new.amount_cents - new.carried_cents, 0)
     and new.reissued_cents between 0 and new.credited_cents then
    return new;
  end if;
"""
CREDITED = """\
  -- Nor about an issued one, but what credit notes took off it: never more than it bills.
  if tg_op = 'UPDATE' and bill.status in ('open', 'paid', 'uncollectible', 'void')
     and to_jsonb(new) - 'credited_cents' = to_jsonb(old) - 'credited_cents'
     and new.credited_cents between 0 and greatest(new.amount_cents - new.carried_cents, 0) then
    return new;
  end if;
"""
KINDS = "'adjustment', 'adopt', 'void', 'reversal', 'credit_note', 'note_void'"


def upgrade() -> None:
    # First, as it ends the transaction: all that follows is done or not.
    allow(f"{KINDS}, 'reissue'")
    op.create_table(
        "reissues",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column(
            "organization_id", sa.BigInteger(), sa.ForeignKey("organizations.id"), nullable=False
        ),
        sa.Column("invoice_id", sa.BigInteger(), sa.ForeignKey("invoices.id"), nullable=False),
        sa.Column("way", sa.String(8), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("stripe_invoice_id", sa.String(64), nullable=False),
        sa.Column("taken_cents", sa.BigInteger(), nullable=False),
        sa.Column("billed_cents", sa.BigInteger(), nullable=True),
        sa.Column("note_id", sa.BigInteger(), sa.ForeignKey("credit_notes.id"), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.String(200), nullable=False),
        sa.Column("actor_kind", sa.String(10), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("actor_label", sa.String(200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.UniqueConstraint("organization_id", "idempotency_key"),
        sa.UniqueConstraint("note_id"),
        sa.CheckConstraint("state in ('planned', 'done', 'refused')", name="state"),
        sa.CheckConstraint("way in ('void', 'credit')", name="way"),
        sa.CheckConstraint("(state = 'planned') = (ended_at is null)", name="ended"),
        sa.CheckConstraint("(state = 'done') = (billed_cents is not null)", name="billed"),
        sa.CheckConstraint("(way = 'credit') = (note_id is not null)", name="note"),
        sa.CheckConstraint("taken_cents > 0", name="taken"),
    )
    op.create_index("ix_reissues_invoice_id", "reissues", ["invoice_id"])
    op.create_index(
        "uq_reissues_one_stands", "reissues", ["invoice_id"], unique=True,
        postgresql_where=sa.text("state in ('planned', 'done')"),
    )  # fmt: skip
    op.create_index(
        "ix_reissues_not_done", "reissues", ["created_at"],
        postgresql_where=sa.text("state in ('planned', 'refused')"),
    )  # fmt: skip
    op.add_column(
        "invoice_items",
        sa.Column("reissued_cents", sa.BigInteger(), server_default="0", nullable=False),
    )
    op.execute(guard(REISSUED))


def downgrade() -> None:
    allow(KINDS)
    op.execute(guard(CREDITED))
    op.drop_column("invoice_items", "reissued_cents")
    op.drop_table("reissues")


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

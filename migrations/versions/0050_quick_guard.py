"""Let the guard of items read what it asks for and no more: it looks for each item of each fold"""

from alembic import op

revision = "0050_quick_guard"
down_revision = "0049_ends_of_tokens"
branch_labels = None
depends_on = None

FROZEN = "BL001"

GUARD = """
create or replace function guard_invoice_items() returns trigger language plpgsql as $$
declare
  bill {bill};
begin
  select {read} into bill from invoices
    where id = case when tg_op = 'DELETE' then old.invoice_id else new.invoice_id end;
  if bill.status in ('draft', 'closing') then
    return case when tg_op = 'DELETE' then old else new end;
  end if;
  -- What Stripe finalized without is marked on the sealed item; nothing else about it may change.
  if tg_op = 'UPDATE' and bill.status = 'sealed'
     and to_jsonb(new) - 'carried_cents' - 'updated_at'
       = to_jsonb(old) - 'carried_cents' - 'updated_at' then
    return new;
  end if;
  raise exception 'invoice % is %: its items can not change', bill.id, bill.status
    using errcode = '{frozen}';
end $$
"""


def upgrade() -> None:
    # All of an invoice's row, sixty columns, took half of the time in which an item is written.
    op.execute(GUARD.format(bill="record", read="id, status", frozen=FROZEN))


def downgrade() -> None:
    op.execute(GUARD.format(bill="invoices%rowtype", read="*", frozen=FROZEN))

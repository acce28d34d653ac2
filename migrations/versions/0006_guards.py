"""Keep history immutable in the database itself, not only in code"""

from alembic import op

revision = "0006_guards"
down_revision = "0005_sync"
branch_labels = None
depends_on = None

# The error code is the product's own, so that code can tell a guard from any other refusal.
FROZEN = "BL001"

APPEND_ONLY = ("audit_entries", "adjustments", "usage_records", "price_versions")

REFUSE_CHANGE = f"""
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% on % is refused: its rows are facts', tg_op, tg_table_name
    using errcode = '{FROZEN}';
end $$
"""

GUARD_ITEMS = f"""
create function guard_invoice_items() returns trigger language plpgsql as $$
declare
  bill invoices%rowtype;
begin
  select * into bill from invoices
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
    using errcode = '{FROZEN}';
end $$
"""

GUARD_INVOICES = f"""
create function guard_invoices() returns trigger language plpgsql as $$
declare
  allowed text[] := case old.status
    when 'draft' then array['draft', 'closing', 'sealed']
    when 'closing' then array['closing', 'sealed']
    when 'sealed' then array['sealed', 'open', 'paid', 'uncollectible', 'void']
    when 'open' then array['open', 'paid', 'uncollectible', 'void']
    when 'uncollectible' then array['uncollectible', 'paid', 'void']
    when 'paid' then array['paid']
    else array['void'] end;
begin
  if tg_op = 'DELETE' then
    raise exception 'invoice % can not be deleted', old.id using errcode = '{FROZEN}';
  end if;
  if not new.status = any(allowed) then
    raise exception 'invoice % can not go from % to %', old.id, old.status, new.status
      using errcode = '{FROZEN}';
  end if;
  if old.status in ('open', 'paid', 'uncollectible', 'void')
     and (new.total_cents, new.period_start, new.period_end, new.currency, new.organization_id,
          new.cycle_id, new.sequence, new.revision)
       is distinct from (old.total_cents, old.period_start, old.period_end, old.currency,
          old.organization_id, old.cycle_id, old.sequence, old.revision) then
    raise exception 'invoice % is %: what it bills can not change', old.id, old.status
      using errcode = '{FROZEN}';
  end if;
  return new;
end $$
"""


def upgrade() -> None:
    op.execute(REFUSE_CHANGE)
    op.execute(GUARD_ITEMS)
    op.execute(GUARD_INVOICES)
    for table in APPEND_ONLY:
        op.execute(
            f"create trigger {table}_are_facts before update or delete on {table} "
            "for each row execute function refuse_change()"
        )
    op.execute(
        "create trigger invoice_items_guard before insert or update or delete on invoice_items "
        "for each row execute function guard_invoice_items()"
    )
    op.execute(
        "create trigger invoices_guard before update or delete on invoices "
        "for each row execute function guard_invoices()"
    )
    # Nothing is refused because its month was not made yet; `ensure_partitions` makes months ahead.
    op.execute("create table usage_records_default partition of usage_records default")


def downgrade() -> None:
    op.execute("drop table usage_records_default")
    op.execute("drop trigger invoices_guard on invoices")
    op.execute("drop trigger invoice_items_guard on invoice_items")
    for table in APPEND_ONLY:
        op.execute(f"drop trigger {table}_are_facts on {table}")
    for function in ("guard_invoices", "guard_invoice_items", "refuse_change"):
        op.execute(f"drop function {function}()")

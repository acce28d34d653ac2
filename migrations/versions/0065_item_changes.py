"""Keep what happened to the lines of bills: the last change on the line, earlier ones for good"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0065_item_changes"
down_revision = "0064_usage_habits"
branch_labels = None
depends_on = None

FROZEN = "BL001"
EXACT = sa.Numeric(38, 12)
# Whatever code writes a line, one of an older release too: what it bills after a change is what it
# bills when the next one comes, so no step is lost and the steps add up.
KEEP = """
create function keep_item_change() returns trigger language plpgsql as $$
declare
  began timestamptz := coalesce(old.changed_at, old.updated_at);
begin
  insert into item_changes (invoice_id, changed_at, item_id, change_number, organization_id,
      ended_at, cause, cause_id, actor_kind, actor_id, actor_label, quantity_before, cents_before,
      quantity, cents, kind, description, price_version_id, service_id)
    values (old.invoice_id, began, old.id, old.change_number, old.organization_id,
      greatest(began, old.updated_at), old.cause, old.cause_id, old.actor_kind, old.actor_id,
      old.actor_label, old.quantity_before, old.cents_before, old.quantity,
      old.amount_cents - old.carried_cents, old.kind, old.description, old.price_version_id,
      old.service_id);
  if tg_op = 'UPDATE' then
    new.changed_at := greatest(new.changed_at, began);
    new.change_number := old.change_number + 1;
    new.quantity_before := old.quantity;
    new.cents_before := old.amount_cents - old.carried_cents;
    return new;
  end if;
  -- Who removes a line lets it bill nothing first and says why; this is for who did not.
  if old.amount_cents - old.carried_cents <> 0 then
    insert into item_changes (invoice_id, changed_at, item_id, change_number, organization_id,
        ended_at, cause, quantity_before, cents_before, quantity, cents, kind, description,
        price_version_id, service_id)
      values (old.invoice_id, greatest(began, now()), old.id, old.change_number + 1,
        old.organization_id, greatest(began, now()), 'correction', old.quantity,
        old.amount_cents - old.carried_cents, 0, 0, old.kind, old.description,
        old.price_version_id, old.service_id);
  end if;
  return old;
end $$
"""
# With what moves an invoice's total beside it: a page adds that up without looking at the rows.
KEY = """
alter table item_changes add constraint pk_item_changes
    primary key (invoice_id, changed_at, item_id, change_number) include (cents, cents_before)
"""
TRIGGERS = (
    # Looked at for each line of each fold, so without a call where an hour goes on.
    """
    create trigger invoice_items_history before update on invoice_items for each row
    when (old.changed_at is distinct from new.changed_at or old.cause is distinct from new.cause
        or old.cause_id is distinct from new.cause_id or old.actor_id is distinct from new.actor_id
        or old.actor_label is distinct from new.actor_label)
    execute function keep_item_change()
    """,
    """
    create trigger invoice_items_history_ends before delete on invoice_items for each row
    execute function keep_item_change()
    """,
    """
    create trigger item_changes_are_facts before update or delete on item_changes for each row
    execute function refuse_change()
    """,
)

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
  raise exception 'invoice % is %: its items can not change', bill.id, bill.status
    using errcode = '{frozen}';
end $$
"""
MARKS = ("carried_cents", "updated_at")
CAUSED = ("changed_at", "cause", "cause_id", "actor_kind", "actor_id", "actor_label")


def upgrade() -> None:
    for column in last_change():
        op.add_column("invoice_items", column)
    op.add_column(
        "installations",
        sa.Column(
            "history_since",
            sa.DateTime(timezone=True),
            server_default=sa.func.now(),
            nullable=False,
        ),
    )
    op.create_table(
        "item_changes",
        sa.Column("invoice_id", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("item_id", sa.BigInteger, nullable=False),
        sa.Column("change_number", sa.BigInteger, server_default="1", nullable=False),
        sa.Column("organization_id", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cause", sa.String(20), nullable=True),
        sa.Column("cause_id", sa.BigInteger, nullable=True),
        sa.Column("actor_kind", sa.String(10), nullable=True),
        sa.Column("actor_id", sa.BigInteger, nullable=True),
        sa.Column("actor_label", sa.String(200), nullable=True),
        sa.Column("quantity_before", EXACT, server_default="0", nullable=False),
        sa.Column("cents_before", sa.BigInteger, server_default="0", nullable=False),
        sa.Column("quantity", EXACT, nullable=False),
        sa.Column("cents", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("description", sa.String(500), nullable=False),
        sa.Column("price_version_id", sa.BigInteger, nullable=True),
        sa.Column("service_id", sa.BigInteger, nullable=True),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoices.id"], name=op.f("fk_item_changes_invoice_id")
        ),
    )
    op.execute(KEY)
    place = ["organization_id", "changed_at", "item_id", "change_number"]
    op.create_index("ix_item_changes_organization", "item_changes", place)
    op.create_index(
        "ix_item_changes_facts", "item_changes", place, postgresql_where=sa.text("cause <> 'usage'")
    )
    op.execute(GUARD.format(marks=_names(MARKS + CAUSED), frozen=FROZEN))
    op.execute(KEEP)
    for trigger in TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    op.execute("drop trigger invoice_items_history_ends on invoice_items")
    op.execute("drop trigger invoice_items_history on invoice_items")
    op.execute("drop table item_changes")
    op.execute("drop function keep_item_change()")
    op.execute(GUARD.format(marks=_names(MARKS), frozen=FROZEN))
    op.drop_column("installations", "history_since")
    for column in last_change():
        op.drop_column("invoice_items", column.name)


def last_change() -> list[sa.Column[Any]]:
    """Return what a line says of its last change; with these a table is changed in an instant."""
    return [
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cause", sa.String(20), nullable=True),
        sa.Column("cause_id", sa.BigInteger, nullable=True),
        sa.Column("actor_kind", sa.String(10), nullable=True),
        sa.Column("actor_id", sa.BigInteger, nullable=True),
        sa.Column("actor_label", sa.String(200), nullable=True),
        sa.Column("change_number", sa.BigInteger, server_default="1", nullable=False),
        sa.Column("quantity_before", EXACT, server_default="0", nullable=False),
        sa.Column("cents_before", sa.BigInteger, server_default="0", nullable=False),
    ]


def _names(columns: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in columns)

"""Let what a usage record is billed by follow the services; what was reported stays as it is"""

import sqlalchemy as sa
from alembic import op

revision = "0014_usage_follows_services"
down_revision = "0013_usage_taken_off"
branch_labels = None
depends_on = None

GUARD = """
create function guard_usage_records() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and to_jsonb(new) - 'service_id' - 'price_version_id'
                        = to_jsonb(old) - 'service_id' - 'price_version_id' then
    return new;
  end if;
  raise exception '% on % is refused: its rows are facts', tg_op, tg_table_name
    using errcode = 'BL001';
end $$
"""

# Who named a service was not written down so far. Services change as far back as usage may lie, so
# only the newest records matter; those billed by a service that has a name count as naming it.
FILL_IN = """
update usage_records set named_service = services.external_id from services
where services.id = usage_records.service_id and recorded_at > now() - interval '100 days'
"""

TRIGGER = (
    "create trigger usage_records_are_facts before update or delete on usage_records "
    "for each row execute function {}()"
)


def upgrade() -> None:
    op.execute("drop trigger usage_records_are_facts on usage_records")
    op.add_column("usage_records", sa.Column("named_service", sa.String(length=100)))
    op.execute(FILL_IN)
    op.execute(GUARD)
    op.execute(TRIGGER.format("guard_usage_records"))


def downgrade() -> None:
    op.execute("drop trigger usage_records_are_facts on usage_records")
    op.execute("drop function guard_usage_records()")
    op.drop_column("usage_records", "named_service")
    op.execute(TRIGGER.format("refuse_change"))

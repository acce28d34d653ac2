"""Let a role that does not own the schema ask for the coming months of usage records"""

from alembic import op

revision = "0042_partitions_by_owner"
down_revision = "0041_user_sessions"
branch_labels = None
depends_on = None

# It runs with the rights of the schema's owner, so it takes nothing but a month, within bounds that
# keep anybody from filling the catalogue, and looks names up where no caller can put another.
# Records that came before their month's partition lie in the default one, which refuses a
# partition for them while it is attached.
MAKE = """
create function make_usage_partition(low timestamptz) returns text
language plpgsql security definer set search_path = pg_catalog, {schema}, pg_temp as $$
declare
  month timestamp := date_trunc('month', low at time zone 'UTC');
  high timestamptz := (month + interval '1 month') at time zone 'UTC';
  name text := 'usage_records_' || to_char(month, 'YYYY_MM');
  is_waiting boolean;
begin
  if low <> month at time zone 'UTC' then
    raise exception '% is not the beginning of a month in UTC', low;
  end if;
  if low not between now() - interval '10 years' and now() + interval '10 years' then
    raise exception '% is too far away', low;
  end if;
  if to_regclass(name) is not null then
    return null;
  end if;
  is_waiting := exists (
    select from usage_records_default where recorded_at >= low and recorded_at < high);
  if is_waiting then
    alter table usage_records detach partition usage_records_default;
  end if;
  execute format(
    'create table {schema}.%I partition of usage_records for values from (%L) to (%L)',
    name, low, high);
  if is_waiting then
    insert into usage_records
      select * from usage_records_default where recorded_at >= low and recorded_at < high;
    delete from usage_records_default where recorded_at >= low and recorded_at < high;
    alter table usage_records attach partition usage_records_default default;
  end if;
  return name;
end $$
"""


def upgrade() -> None:
    schema = op.get_bind().exec_driver_sql("select quote_ident(current_schema())").scalar_one()
    op.execute(MAKE.format(schema=schema))
    # Whom the owner lets use the tables it lets use this too: see deploy/postgresql/grants.sql.
    op.execute("revoke execute on function make_usage_partition(timestamptz) from public")


def downgrade() -> None:
    op.execute("drop function make_usage_partition(timestamptz)")

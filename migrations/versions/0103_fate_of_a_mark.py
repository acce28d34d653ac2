"""Keep whose mark it is, the one whose fate is not known, and whether a stop only compares

Numbers move past whatever any ledger of before may have handed out, so that two restores to one
backup draw different ones: past the present minute times a million.
"""

import sqlalchemy as sa
from alembic import op

revision = "0103_fate_of_a_mark"
down_revision = "0102_automatic_tax"
branch_labels = None
depends_on = None

MOVE = """
create or replace function move_numbers() returns void
language plpgsql security definer set search_path = pg_catalog, {schema}, pg_temp as $$
declare
  name regclass;
  past bigint := 1000000 * (extract(epoch from now())::bigint / 60 - 29453760);
begin
  for name in
    select oid::regclass from pg_class
    where relkind = 'S' and relnamespace = '{schema}'::regnamespace order by 1
  loop
    perform setval(name, greatest(nextval(name) + 1000000, past));
  end loop;
end $$
"""


def upgrade() -> None:
    columns = (
        sa.Column("identity", sa.String(36), nullable=True),
        sa.Column("pending", sa.dialects.postgresql.JSONB(), nullable=True),
        sa.Column("is_comparing", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("accepts", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    for column in columns:
        op.add_column("ledger_marks", column, if_not_exists=True)
    op.execute(
        "update ledger_marks set identity = (select identity from installations where id = 1) "
        "where identity is null"
    )
    schema = op.get_bind().scalar(sa.text("select quote_ident(current_schema())"))
    op.execute(MOVE.format(schema=schema))
    op.execute("revoke execute on function move_numbers() from public")


def downgrade() -> None:
    for name in ("identity", "pending", "is_comparing", "accepts"):
        op.drop_column("ledger_marks", name)

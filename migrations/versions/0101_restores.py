"""Keep the ledger's mark, the restores that were noticed, and what each of them left apart

Revision ID: 0101_restores
Revises: 0100_close_rehearsals

Numbers are moved on by a function with the rights of the schema's owner, as partitions are made:
the processes may only draw numbers, one by one.
"""

import sqlalchemy as sa
from alembic import op

revision = "0101_restores"
down_revision = "0100_close_rehearsals"
branch_labels = None
depends_on = None

# It takes nothing, and looks names up where no caller can put another.
MOVE = """
create or replace function move_numbers() returns void
language plpgsql security definer set search_path = pg_catalog, {schema}, pg_temp as $$
declare
  name regclass;
begin
  for name in
    select oid::regclass from pg_class
    where relkind = 'S' and relnamespace = '{schema}'::regnamespace order by 1
  loop
    perform setval(name, nextval(name) + 1000000);
  end loop;
end $$
"""


def upgrade() -> None:
    op.create_table(
        "ledger_marks",
        sa.Column("id", sa.SmallInteger(), server_default=sa.text("1"), primary_key=True),
        sa.Column("history", sa.String(64), nullable=True),
        sa.Column("stripe_id", sa.String(64), nullable=True),
        sa.Column("made_by", sa.String(64), nullable=True),
        sa.Column(
            "names", sa.dialects.postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("step_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("alive_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_why", sa.Text(), nullable=True),
        sa.CheckConstraint("id = 1", name="only_one"),
        if_not_exists=True,
    )  # fmt: skip
    op.create_table(
        "restores",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("after", sa.String(64), nullable=True),
        sa.Column("reads", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.String(200), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        if_not_exists=True,
    )
    op.create_index(
        "uq_restores_open", "restores", [sa.text("(released_at is null)")], unique=True,
        postgresql_where=sa.text("released_at is null"), if_not_exists=True,
    )  # fmt: skip
    op.create_table(
        "restore_findings",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("restore_id", sa.BigInteger(), sa.ForeignKey("restores.id"), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("stripe_id", sa.String(64), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=True),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        if_not_exists=True,
    )
    op.create_index(
        "uq_restore_findings_what", "restore_findings", ["restore_id", "kind", "stripe_id"],
        unique=True, if_not_exists=True,
    )  # fmt: skip
    schema = op.get_bind().scalar(sa.text("select quote_ident(current_schema())"))
    op.execute(MOVE.format(schema=schema))
    op.execute("revoke execute on function move_numbers() from public")


def downgrade() -> None:
    op.execute("drop function move_numbers()")
    op.drop_table("restore_findings")
    op.drop_table("restores")
    op.drop_table("ledger_marks")

"""Let cycles be a week, a month, a quarter or a year, in a calendar zone

Revision ID: 0094_cycle_lengths
Revises: 0093_outgoing_events

Every cycle so far is a month in UTC and all of one, and every fee is a month's: the defaults say so
beside the tables, and adding them writes no row. So the checks fit all rows: they are put in place
without a look and then looked through while everybody goes on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0094_cycle_lengths"
down_revision = "0093_outgoing_events"
branch_labels = None
depends_on = None

ONE_OF = "in ('week', 'month', 'quarter', 'year')"
CHECKS = {
    "organizations": ("cycle_interval", f"cycle_interval {ONE_OF}"),
    "prices": ("interval", f"interval {ONE_OF}"),
    "billing_cycles": ("interval", f"interval {ONE_OF}"),
}
WHOLE = "whole_seconds >= extract(epoch from ends_at - starts_at)"


def upgrade() -> None:
    for table, (column, _) in CHECKS.items():
        op.add_column(
            table,
            sa.Column(column, sa.String(8), server_default="month", nullable=False),
            if_not_exists=True,
        )
    op.add_column(
        "organizations",
        sa.Column("cycle_zone", sa.String(64), server_default="UTC", nullable=False),
        if_not_exists=True,
    )
    op.add_column(
        "billing_cycles",
        sa.Column("whole_seconds", sa.BigInteger(), nullable=True),
        if_not_exists=True,
    )
    with op.get_context().autocommit_block():
        for table, (column, check) in CHECKS.items():
            add_check(table, column, check)
        add_check("billing_cycles", "whole", WHOLE)


def add_check(table: str, name: str, check: str) -> None:
    key = f"ck_{table}_{name}"
    # Whatever was made before it was broken off is made anew.
    op.execute(f"alter table {table} drop constraint if exists {key}")
    op.execute(f"alter table {table} add constraint {key} check ({check}) not valid")
    op.execute(f"alter table {table} validate constraint {key}")


def downgrade() -> None:
    op.drop_column("billing_cycles", "whole_seconds")
    op.drop_column("organizations", "cycle_zone")
    for table, (column, _) in CHECKS.items():
        op.drop_column(table, column)

"""Keep how far a recount of the ledger is, and what it found

Revision ID: 0089_ledger_runs
Revises: 0088_reissues
"""

import sqlalchemy as sa
from alembic import op

revision = "0089_ledger_runs"
down_revision = "0088_reissues"
branch_labels = None
depends_on = None


def instant(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def number(name: str) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "ledger_runs",
        number("id"),
        sa.Column("is_of_clock", sa.Boolean(), nullable=False),
        *map(number, ("total", "looked", "records", "items", "differences", "place")),
        instant("begun_at"),
        instant("moved_at"),
        instant("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_runs")),
    )
    op.create_index(
        "uq_ledger_runs_open", "ledger_runs", ["is_of_clock"], unique=True,
        postgresql_where=sa.text("ended_at is null"),
    )  # fmt: skip
    op.create_table(
        "ledger_differences",
        number("id"),
        number("run_id"),
        number("organization_id"),
        sa.Column("told", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_differences")),
        sa.ForeignKeyConstraint(
            ["run_id"], ["ledger_runs.id"], ondelete="CASCADE",
            name=op.f("fk_ledger_differences_run_id_ledger_runs"),
        ),
    )  # fmt: skip
    op.create_index("ix_ledger_differences_run_id", "ledger_differences", ["run_id", "id"])


def downgrade() -> None:
    op.drop_table("ledger_differences")
    op.drop_table("ledger_runs")

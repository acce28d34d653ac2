"""Do one thing to many rows, each once, and keep how far it came

Revision ID: 0078_bulk_actions
Revises: 0077_orders_of_lists

A sync may be asked for by a bulk action. The check is put in place without a look at the runs there
are, all of which fit, and then looked through while everybody goes on.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0078_bulk_actions"
down_revision = "0077_orders_of_lists"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
TRIGGER = "ck_sync_runs_trigger"
BEFORE = "'scheduled', 'support', 'api', 'final', 'portal', 'event'"


def upgrade() -> None:
    allow(f"{BEFORE}, 'bulk'")
    op.create_table(
        "bulk_actions",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("verb", sa.String(20), nullable=False),
        sa.Column("wanted", JSONB(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor_kind", sa.String(10), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("actor_label", sa.String(200), nullable=False),
        sa.Column("retries_id", sa.BigInteger(), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("canceled_at", INSTANT, nullable=True),
        sa.Column("canceled_by", sa.String(200), nullable=True),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["retries_id"], ["bulk_actions.id"], name="fk_bulk_actions_retries_id_bulk_actions"
        ),
        sa.CheckConstraint("asked >= 0 and done >= 0 and failed >= 0", name="counts"),
        sa.CheckConstraint("asked + done + failed <= total", name="total"),
    )
    op.create_index(
        "ix_bulk_actions_open",
        "bulk_actions",
        ["id"],
        postgresql_where=sa.text("finished_at is null"),
    )
    op.create_table(
        "bulk_members",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("act_id", sa.BigInteger(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(10), nullable=False, server_default="waiting"),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["act_id"], ["bulk_actions.id"], name="fk_bulk_members_act_id_bulk_actions"
        ),
        sa.UniqueConstraint("act_id", "subject_id", name="uq_bulk_members_act_id_subject_id"),
        sa.CheckConstraint("state in ('waiting', 'asked', 'done', 'failed')", name="state"),
    )
    op.create_index("ix_bulk_members_act_id_state_id", "bulk_members", ["act_id", "state", "id"])


def downgrade() -> None:
    op.execute("update sync_runs set trigger = 'support' where trigger = 'bulk'")
    allow(BEFORE)
    op.drop_table("bulk_members")
    op.drop_table("bulk_actions")


def allow(triggers: str) -> None:
    check = f"check (trigger in ({triggers})) not valid"
    with op.get_context().autocommit_block():
        op.execute(
            f"alter table sync_runs drop constraint {TRIGGER}, add constraint {TRIGGER} {check}"
        )
        op.execute(f"alter table sync_runs validate constraint {TRIGGER}")

"""Give the database an identity of its own"""

import sqlalchemy as sa
from alembic import op

revision = "0016_installation"
down_revision = "0015_reattached_services"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "installations",
        sa.Column("id", sa.SmallInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "identity",
            sa.String(length=36),
            server_default=sa.text("gen_random_uuid()::text"),
            nullable=False,
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("id = 1", name=op.f("ck_installations_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installations")),
    )
    # One that is upgraded is as old as its first organization: events since then are its own.
    op.execute(
        "insert into installations (created_at)"
        " select coalesce(min(created_at), now()) from organizations"
    )


def downgrade() -> None:
    op.drop_table("installations")

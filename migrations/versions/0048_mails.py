"""Send invitations and links for passwords by mail"""

import sqlalchemy as sa
from alembic import op

revision = "0048_mails"
down_revision = "0047_signed_invitations"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "mails",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("invitation_id", sa.BigInteger(), nullable=True),
        sa.Column("made_by_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("next_attempt_at", INSTANT, nullable=False),
        sa.Column("problem", sa.String(300), nullable=True),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.Column("given_up_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitations.id"], name="fk_mails_invitation_id_invitations"
        ),
        sa.ForeignKeyConstraint(["made_by_id"], ["users.id"], name="fk_mails_made_by_id_users"),
        sa.CheckConstraint("kind in ('invitation', 'reset')", name="kind"),
        sa.CheckConstraint(
            "(kind = 'invitation') = (invitation_id is not null)", name="of_an_invitation"
        ),
        sa.CheckConstraint("sent_at is null or given_up_at is null", name="one_end"),
    )
    op.create_index("ix_mails_invitation_id", "mails", ["invitation_id"])
    op.create_index("ix_mails_address", "mails", ["address"])
    op.create_index(
        "ix_mails_waiting", "mails", ["next_attempt_at"],
        postgresql_where=sa.text("sent_at is null and given_up_at is null"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("mails")

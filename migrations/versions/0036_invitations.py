"""Invite people by a link that ends"""

import sqlalchemy as sa
from alembic import op

revision = "0036_invitations"
down_revision = "0035_organizations_by_name"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "invitations",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=True),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("accepted_at", INSTANT, nullable=True),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"],
            name="fk_invitations_organization_id_organizations",
        ),
        sa.CheckConstraint("role in ('customer', 'support', 'admin')", name="role"),
        sa.CheckConstraint("email = lower(email)", name="email_is_lower_case"),
        sa.CheckConstraint(
            "(role = 'customer') = (organization_id is not null)", name="customers_belong"
        ),
        sa.CheckConstraint("accepted_at is null or revoked_at is null", name="one_end"),
        sa.UniqueConstraint("secret_hash", name="uq_invitations_secret_hash"),
    )  # fmt: skip
    op.create_index(
        "ix_invitations_open", "invitations", ["email"],
        unique=True, postgresql_where=sa.text("accepted_at is null and revoked_at is null"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("invitations")

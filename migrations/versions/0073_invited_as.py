"""Invite members of an organization as what they will be"""

import sqlalchemy as sa
from alembic import op

revision = "0073_invited_as"
down_revision = "0072_viewing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Whom an invitation made a member could do all that there was to do.
    role = sa.Column("member_role", sa.String(16), nullable=False, server_default="owner")
    op.add_column("invitations", role)
    op.create_check_constraint(
        "member_role", "invitations", "member_role in ('owner', 'billing', 'reader')"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_invitations_member_role"), "invitations")
    op.drop_column("invitations", "member_role")

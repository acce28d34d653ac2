"""Say which members of an organization decide on its money"""

import sqlalchemy as sa
from alembic import op

revision = "0060_member_roles"
down_revision = "0059_mailed_alerts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Who saw a bill before could do all that there was to do with it.
    role = sa.Column("role", sa.String(16), nullable=False, server_default="owner")
    op.add_column("memberships", role)
    op.create_check_constraint("role", "memberships", "role in ('owner', 'billing', 'reader')")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_memberships_role"), "memberships")
    op.drop_column("memberships", "role")

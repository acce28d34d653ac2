"""Know whose invitations end with their access"""

import sqlalchemy as sa
from alembic import op

revision = "0040_who_invited"
down_revision = "0039_room_on_pages"
branch_labels = None
depends_on = None

KEY = "fk_invitations_created_by_id_users"


def upgrade() -> None:
    op.add_column("invitations", sa.Column("created_by_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(KEY, "invitations", "users", ["created_by_id"], ["id"])


def downgrade() -> None:
    op.drop_constraint(KEY, "invitations")
    op.drop_column("invitations", "created_by_id")

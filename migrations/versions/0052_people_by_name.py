"""List people by name without sorting all of them

Revision ID: 0052_people_by_name
Revises: 0051_about
"""

from alembic import op

revision = "0052_people_by_name"
down_revision = "0051_about"
branch_labels = None
depends_on = None

INDEX = "ix_users_name_id"


def upgrade() -> None:
    op.create_index(INDEX, "users", ["name", "id"])


def downgrade() -> None:
    op.drop_index(INDEX, "users")

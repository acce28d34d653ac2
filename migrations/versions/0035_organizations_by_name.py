"""List organizations by name without sorting all of them"""

from alembic import op

revision = "0035_organizations_by_name"
down_revision = "0034_charged_back"
branch_labels = None
depends_on = None

INDEX = "ix_organizations_name_id"


def upgrade() -> None:
    op.create_index(INDEX, "organizations", ["name", "id"])


def downgrade() -> None:
    op.drop_index(INDEX, "organizations")

"""Check the organization of a record once, where it is looked up, and not row by row"""

from alembic import op

revision = "0030_usage_without_foreign_keys"
down_revision = "0029_usage_waiting"
branch_labels = None
depends_on = None

# A check is a query of its own for each row, and a lock on the organization's row. An organization
# that has usage has services and a cycle, whose foreign keys keep it.
TABLES = ("usage_keys", "usage_records")


def upgrade() -> None:
    for table in TABLES:
        op.drop_constraint(f"fk_{table}_organization_id", table, type_="foreignkey")


def downgrade() -> None:
    for table in TABLES:
        op.create_foreign_key(
            f"fk_{table}_organization_id", table, "organizations", ["organization_id"], ["id"]
        )

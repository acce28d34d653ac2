"""Let API tokens end by themselves, and know which one follows which

What has no end, as every token made before, goes on until it is revoked.
"""

import sqlalchemy as sa
from alembic import op

revision = "0049_ends_of_tokens"
down_revision = "0048_mails"
branch_labels = None
depends_on = None

KEY = "fk_api_tokens_replaces_id_api_tokens"


def upgrade() -> None:
    op.add_column("api_tokens", sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("api_tokens", sa.Column("replaces_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(KEY, "api_tokens", "api_tokens", ["replaces_id"], ["id"])


def downgrade() -> None:
    op.drop_constraint(KEY, "api_tokens")
    op.drop_column("api_tokens", "replaces_id")
    op.drop_column("api_tokens", "expires_at")

"""Let several organizations invite an address, each once"""

import sqlalchemy as sa
from alembic import op

revision = "0074_invited_by_several"
down_revision = "0073_invited_as"
branch_labels = None
depends_on = None

IS_OPEN = "accepted_at is null and revoked_at is null"
OLDER = f"""
    update invitations set revoked_at = now() where {IS_OPEN}
    and id not in (select max(id) from invitations where {IS_OPEN} group by email)
"""


def upgrade() -> None:
    op.create_index(
        "uq_invitations_open", "invitations", ["organization_id", "email"], unique=True,
        postgresql_nulls_not_distinct=True, postgresql_where=sa.text(IS_OPEN),
    )  # fmt: skip
    _index_emails(unique=False)


def downgrade() -> None:
    # The older code knows one open invitation of an address: the newest.
    op.execute(OLDER)
    _index_emails(unique=True)
    op.drop_index("uq_invitations_open", "invitations")


def _index_emails(*, unique: bool) -> None:
    op.drop_index("ix_invitations_open", "invitations")
    op.create_index(
        "ix_invitations_open", "invitations", ["email"], unique=unique,
        postgresql_where=sa.text(IS_OPEN),
    )  # fmt: skip

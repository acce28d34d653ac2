"""Keep nothing of an invitation's link: it is signed, as those for passwords are"""

import sqlalchemy as sa
from alembic import op

revision = "0047_signed_invitations"
down_revision = "0046_forgetting"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("invitations", "secret_hash", existing_type=sa.String(64), nullable=True)


def downgrade() -> None:
    # The older code knows no link without a hash; one that nothing has opens nothing.
    op.execute("update invitations set secret_hash = 'signed ' || id where secret_hash is null")
    op.alter_column("invitations", "secret_hash", existing_type=sa.String(64), nullable=False)

"""Keep every card that Stripe told of, and which it charges by default"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021_cards"
down_revision = "0020_partial_keys"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "organizations",
        sa.Column("cards", postgresql.JSONB(), nullable=False, server_default="{}"),
    )
    op.add_column("organizations", sa.Column("default_card", postgresql.JSONB()))
    # The card that was shown until now is the only one known.
    op.execute(
        "update organizations set cards = jsonb_build_object(payment_method->>'id', payment_method)"
        " where payment_method->>'id' is not null"
    )


def downgrade() -> None:
    op.drop_column("organizations", "default_card")
    op.drop_column("organizations", "cards")

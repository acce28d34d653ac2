"""Know people by the name that a sign-on provider gives them"""

import sqlalchemy as sa
from alembic import op

revision = "0053_provider_subjects"
down_revision = "0052_people_by_name"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "provider_subjects",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("issuer", sa.String(255), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_provider_subjects_user_id_users"
        ),
        sa.UniqueConstraint("issuer", "subject", name="uq_provider_subjects_issuer_subject"),
        sa.UniqueConstraint("user_id", "issuer", name="uq_provider_subjects_user_id_issuer"),
    )


def downgrade() -> None:
    op.drop_table("provider_subjects")

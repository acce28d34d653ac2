"""Find organizations by their billing e-mail, however it was typed

Revision ID: 0092_emails_in_lower_case
Revises: 0091_service_standing
"""

from alembic import op

revision = "0092_emails_in_lower_case"
down_revision = "0091_service_standing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        # One that was broken off in the midst is there and is not used.
        op.execute("drop index concurrently if exists ix_organizations_email_lower")
        op.execute(
            "create index concurrently ix_organizations_email_lower on organizations (lower(email))"
        )


def downgrade() -> None:
    op.drop_index("ix_organizations_email_lower", "organizations")

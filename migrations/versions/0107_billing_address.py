"""Keep an organization's billing address, and whether it is asked for tax

Revision ID: 0107_billing_address
Revises: 0106_subscriptions

Null is what was never set here: then whatever Stripe has stays there.
"""

from alembic import op

revision = "0107_billing_address"
down_revision = "0106_subscriptions"
branch_labels = None
depends_on = None

RULE = "ck_organizations_tax_exempt"


def upgrade() -> None:
    op.execute("alter table organizations add column if not exists address jsonb")
    op.execute("alter table organizations add column if not exists tax_exempt varchar(8)")
    op.execute(f"alter table organizations drop constraint if exists {RULE}")
    op.execute(
        f"alter table organizations add constraint {RULE}"
        " check (tax_exempt in ('none', 'exempt', 'reverse')) not valid"
    )
    op.execute(f"alter table organizations validate constraint {RULE}")


def downgrade() -> None:
    op.execute(f"alter table organizations drop constraint if exists {RULE}")
    op.execute("alter table organizations drop column if exists tax_exempt")
    op.execute("alter table organizations drop column if exists address")

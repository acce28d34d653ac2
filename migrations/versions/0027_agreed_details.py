"""Remember what Stripe was last told of a customer and of a draft's terms"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027_agreed_details"
down_revision = "0026_tags"
branch_labels = None
depends_on = None

# Until now neither could change, so what is here is what Stripe was told when they were made.
TELL_OF_CUSTOMERS = """
update organizations
set agreed_customer = jsonb_build_object('name', name, 'email', lower(email))
where stripe_customer_id is not null
"""
TELL_OF_DRAFTS = """
update invoices set agreed_terms = jsonb_build_object(
    'collection_method', organizations.collection_method,
    'days_until_due', organizations.days_until_due)
from organizations
where organizations.id = invoices.organization_id
  and invoices.status = 'draft' and invoices.stripe_invoice_id is not null
"""


def upgrade() -> None:
    op.add_column("organizations", sa.Column("agreed_customer", postgresql.JSONB()))
    op.add_column("organizations", sa.Column("customer_at_stripe", postgresql.JSONB()))
    op.add_column("invoices", sa.Column("agreed_terms", postgresql.JSONB()))
    op.execute(TELL_OF_CUSTOMERS)
    op.execute(TELL_OF_DRAFTS)


def downgrade() -> None:
    op.drop_column("invoices", "agreed_terms")
    op.drop_column("organizations", "customer_at_stripe")
    op.drop_column("organizations", "agreed_customer")

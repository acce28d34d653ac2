"""Remember with a void invoice what it did not ask for any more when it was voided"""

import sqlalchemy as sa
from alembic import op

revision = "0031_waived_by_notes"
down_revision = "0030_usage_without_foreign_keys"
branch_labels = None
depends_on = None

# As `waived_of` has it; what was decided was decided on what was shown then.
FIND_WAIVED = """
update void_cases set waived_cents = greatest(0,
    invoices.total_cents - invoices.stripe_total_cents
    + coalesce(invoices.pre_payment_credit_notes_cents, 0)
    - (select coalesce(sum(greatest(0, billed - case when owed > 0 then least(billed, owed)
                                                     else 0 end)), 0)
         from (select amount_cents as owed, amount_cents - carried_cents as billed
                 from invoice_items where invoice_id = invoices.id) item
        where billed > 0))
  from invoices
 where invoices.id = void_cases.invoice_id and void_cases.state = 'undecided'
   and invoices.stripe_total_cents is not null
"""


def upgrade() -> None:
    op.add_column(
        "void_cases", sa.Column("waived_cents", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.create_check_constraint(
        op.f("ck_void_cases_waived_cents"), "void_cases", "waived_cents >= 0"
    )
    op.execute(FIND_WAIVED)


def downgrade() -> None:
    op.drop_column("void_cases", "waived_cents")

"""Let what was taken back follow the line that is undone, not what that one made up for"""

from alembic import op

revision = "0032_taken_back_from"
down_revision = "0031_waived_by_notes"
branch_labels = None
depends_on = None

# Each took back all that its sibling, the carry-over of the same item, had too much. What is on an
# issued invoice keeps its amount; only what it is a part of is said otherwise.
FOLLOW = """
update invoice_items taken set carried_from_id = made_up.id
  from invoice_items made_up
 where taken.kind = 'taken_back' and made_up.kind = 'carry_over'
   and made_up.carried_from_id = taken.carried_from_id
"""
LEAD_BACK = """
update invoice_items taken set carried_from_id = made_up.carried_from_id
  from invoice_items made_up
 where taken.kind = 'taken_back' and made_up.kind = 'carry_over'
   and made_up.id = taken.carried_from_id
"""


def upgrade() -> None:
    _behind_the_guard(FOLLOW)


def downgrade() -> None:
    _behind_the_guard(LEAD_BACK)


def _behind_the_guard(statement: str) -> None:
    op.execute("alter table invoice_items disable trigger invoice_items_guard")
    op.execute(statement)
    op.execute("alter table invoice_items enable trigger invoice_items_guard")

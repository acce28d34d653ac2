"""Let a credit note be voided from here

Revision ID: 0085_voided_notes
Revises: 0084_credit_on_the_balance

The new check is put in place without a look at the rows there are, all of which fit, and then
looked through while everybody goes on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0085_voided_notes"
down_revision = "0084_credit_on_the_balance"
branch_labels = None
depends_on = None

CHECK = "ck_credit_notes_void_asked"
KINDS = "'adjustment', 'adopt', 'void', 'reversal', 'credit_note'"


def upgrade() -> None:
    op.add_column("credit_notes", sa.Column("void_asked_at", sa.DateTime(timezone=True)))
    op.create_index(
        "ix_credit_notes_void_asked",
        "credit_notes",
        ["void_asked_at"],
        postgresql_where=sa.text("void_asked_at is not null"),
    )
    op.execute(
        f"alter table credit_notes add constraint {CHECK}"
        " check (void_asked_at is null or state = 'issued') not valid"
    )
    op.execute(f"alter table credit_notes validate constraint {CHECK}")
    _allow(f"{KINDS}, 'note_void'")


def downgrade() -> None:
    op.execute("delete from proposals where kind = 'note_void'")
    _allow(KINDS)
    op.execute(f"alter table credit_notes drop constraint {CHECK}")
    op.drop_index("ix_credit_notes_void_asked", "credit_notes")
    op.drop_column("credit_notes", "void_asked_at")


def _allow(kinds: str) -> None:
    op.execute("alter table proposals drop constraint ck_proposals_kind")
    op.execute(
        "alter table proposals add constraint ck_proposals_kind"
        f" check (kind in ({kinds})) not valid"
    )
    op.execute("alter table proposals validate constraint ck_proposals_kind")

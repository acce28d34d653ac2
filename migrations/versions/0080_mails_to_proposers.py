"""Mail a person what became of what they proposed, once

Revision ID: 0080_mails_to_proposers
Revises: 0079_lines_not_ours

The checks are put in place without a look at the mails there are, all of which fit, and then looked
through while everybody goes on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0080_mails_to_proposers"
down_revision = "0079_lines_not_ours"
branch_labels = None
depends_on = None

BEFORE = "'invitation', 'reset', 'budget', 'unusual'"
OF_A_PROPOSAL = "ck_mails_of_a_proposal"


def upgrade() -> None:
    op.add_column(
        "mails", sa.Column("proposal_id", sa.BigInteger(), nullable=True), if_not_exists=True
    )
    allow(f"{BEFORE}, 'proposal'")
    key = "fk_mails_proposal_id_proposals"
    with op.get_context().autocommit_block():
        # Whatever was made before it was broken off is made anew.
        for one in (key, OF_A_PROPOSAL):
            op.execute(f"alter table mails drop constraint if exists {one}")
        for one in ("uq_mails_proposal_id", "ix_proposals_decided_at"):
            op.execute(f"drop index concurrently if exists {one}")
        op.execute(
            f"alter table mails add constraint {key} foreign key (proposal_id) "
            f"references proposals (id) not valid, add constraint {OF_A_PROPOSAL} "
            "check ((kind = 'proposal') = (proposal_id is not null)) not valid"
        )
        op.execute(f"alter table mails validate constraint {key}")
        op.execute(f"alter table mails validate constraint {OF_A_PROPOSAL}")
        op.execute(
            "create unique index concurrently uq_mails_proposal_id on mails (proposal_id) "
            "where proposal_id is not null"
        )
        op.execute("create index concurrently ix_proposals_decided_at on proposals (decided_at)")


def downgrade() -> None:
    op.drop_index("ix_proposals_decided_at", "proposals")
    op.execute(f"alter table mails drop constraint {OF_A_PROPOSAL}")
    op.execute("delete from mails where kind = 'proposal'")
    op.drop_column("mails", "proposal_id")
    allow(BEFORE)


def allow(kinds: str) -> None:
    check = f"check (kind in ({kinds})) not valid"
    with op.get_context().autocommit_block():
        op.execute(
            f"alter table mails drop constraint ck_mails_kind, add constraint ck_mails_kind {check}"
        )
        op.execute("alter table mails validate constraint ck_mails_kind")

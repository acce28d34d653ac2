"""Mail bills and what becomes of them

Revision ID: 0087_mails_of_bills
Revises: 0086_payments_in_trouble

No mail is about a bill yet, so the new checks fit all of them: they are put in place without a look
and then looked through while everybody goes on. Nothing is written about bills of before.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0087_mails_of_bills"
down_revision = "0086_payments_in_trouble"
branch_labels = None
depends_on = None

BEFORE = "'invitation', 'reset', 'budget', 'unusual', 'proposal'"
OF_BILLS = (
    "'invoice_ready', 'receipt', 'payment_failed', 'action_required', 'card_expiring', "
    "'reminder', 'credit_note'"
)
LEADS_TO = {
    "organization_id": "organizations",
    "invoice_id": "invoices",
    "correction_id": "corrections",
    "sent_again_id": "mails",
}
OF_A_BILL = "ck_mails_of_a_bill"
INDEXES = {
    "uq_mails_occasion": "(occasion, address) where occasion is not null",
    "ix_mails_organization_id": "(organization_id, id) where organization_id is not null",
    "ix_mails_sent_again_id": "(sent_again_id) where sent_again_id is not null",
    "ix_mails_waited_for": (
        "(next_attempt_at) where sent_at is null and given_up_at is null and occasion is null"
    ),
}


def upgrade() -> None:
    for column in LEADS_TO:
        op.add_column(
            "mails", sa.Column(column, sa.BigInteger(), nullable=True), if_not_exists=True
        )
    op.add_column("mails", sa.Column("occasion", sa.String(120), nullable=True), if_not_exists=True)
    op.add_column("mails", sa.Column("told", JSONB(), nullable=True), if_not_exists=True)
    op.add_column(
        "organizations",
        sa.Column("mails_bills", sa.Boolean(), nullable=False, server_default=sa.true()),
        if_not_exists=True,
    )
    op.add_column(
        "organizations",
        sa.Column("reminder_days", sa.ARRAY(sa.BigInteger()), nullable=False, server_default="{}"),
        if_not_exists=True,
    )
    make_choices()
    make_refused()
    allow(f"{BEFORE}, {OF_BILLS}")
    with op.get_context().autocommit_block():
        # Whatever was made before it was broken off is made anew.
        op.execute(f"alter table mails drop constraint if exists {OF_A_BILL}")
        for name in INDEXES:
            op.execute(f"drop index concurrently if exists {name}")
        for column, table in LEADS_TO.items():
            key = f"fk_mails_{column}_{table}"
            forgets = " on delete set null" if table == "mails" else ""
            op.execute(f"alter table mails drop constraint if exists {key}")
            op.execute(
                f"alter table mails add constraint {key} foreign key ({column}) "
                f"references {table} (id){forgets} not valid"
            )
            op.execute(f"alter table mails validate constraint {key}")
        op.execute(
            f"alter table mails add constraint {OF_A_BILL} check "
            f"((kind in ({OF_BILLS})) = (occasion is not null) and "
            "(occasion is null) = (organization_id is null)) not valid"
        )
        op.execute(f"alter table mails validate constraint {OF_A_BILL}")
        for name, rows in INDEXES.items():
            unique = "unique " if name.startswith("uq_") else ""
            op.execute(f"create {unique}index concurrently {name} on mails {rows}")


def make_choices() -> None:
    op.create_table(
        "mail_choices",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("is_wanted", sa.Boolean(), nullable=False),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_mail_choices_organization_id_organizations"),
        ),
        sa.PrimaryKeyConstraint("organization_id", "address", "kind", name="pk_mail_choices"),
        if_not_exists=True,
    )


def make_refused() -> None:
    op.create_table(
        "refused_addresses",
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("told_by", sa.String(10), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "told_by in ('server', 'report')", name=op.f("ck_refused_addresses_told_by")
        ),
        sa.PrimaryKeyConstraint("address", name="pk_refused_addresses"),
        if_not_exists=True,
    )


def downgrade() -> None:
    op.execute(f"alter table mails drop constraint {OF_A_BILL}")
    op.execute(f"delete from mails where kind in ({OF_BILLS})")
    for column in ("told", "occasion", *reversed(LEADS_TO)):
        op.drop_column("mails", column)
    op.drop_column("organizations", "reminder_days")
    op.drop_column("organizations", "mails_bills")
    op.drop_table("refused_addresses")
    op.drop_table("mail_choices")
    op.execute("drop index if exists ix_mails_waited_for")
    allow(BEFORE)


def allow(kinds: str) -> None:
    check = f"check (kind in ({kinds})) not valid"
    with op.get_context().autocommit_block():
        op.execute(
            f"alter table mails drop constraint ck_mails_kind, add constraint ck_mails_kind {check}"
        )
        op.execute("alter table mails validate constraint ck_mails_kind")

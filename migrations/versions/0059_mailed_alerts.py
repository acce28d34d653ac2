"""Mail alerts to the members of an organization who want them"""

import sqlalchemy as sa
from alembic import op

revision = "0059_mailed_alerts"
down_revision = "0058_unusual_usage"
branch_labels = None
depends_on = None

KINDS, OLD_KINDS = (
    "kind in ('invitation', 'reset', 'budget', 'unusual')",
    "kind in ('invitation', 'reset')",
)


def upgrade() -> None:
    for name in ("mails_budget", "mails_unusual"):
        wanted = sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.true())
        op.add_column("memberships", wanted)
    op.drop_constraint(op.f("ck_mails_kind"), "mails")
    op.create_check_constraint("kind", "mails", KINDS)
    for kind, table in (("budget_alert", "budget_alerts"), ("unusual_usage", "unusual_usage")):
        column = f"{kind}_id"
        op.add_column("mails", sa.Column(column, sa.BigInteger(), nullable=True))
        op.create_foreign_key(op.f(f"fk_mails_{column}_{table}"), "mails", table, [column], ["id"])
        # Each of them goes once to each address.
        op.create_index(
            f"uq_mails_{column}", "mails", [column, "address"], unique=True,
            postgresql_where=sa.text(f"{column} is not null"),
        )  # fmt: skip
    op.create_check_constraint(
        "of_an_alert", "mails", "(kind = 'budget') = (budget_alert_id is not null)"
    )
    op.create_check_constraint(
        "of_unusual_usage", "mails", "(kind = 'unusual') = (unusual_usage_id is not null)"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_mails_of_unusual_usage"), "mails")
    op.drop_constraint(op.f("ck_mails_of_an_alert"), "mails")
    op.execute("delete from mails where kind in ('budget', 'unusual')")
    for column in ("unusual_usage_id", "budget_alert_id"):
        op.drop_column("mails", column)
    op.drop_constraint(op.f("ck_mails_kind"), "mails")
    op.create_check_constraint("kind", "mails", OLD_KINDS)
    for name in ("mails_unusual", "mails_budget"):
        op.drop_column("memberships", name)

"""Take from facts of the future their place in the order: whatever was told since looked older"""

from alembic import op

revision = "0028_facts_of_the_future"
down_revision = "0027_agreed_details"
branch_labels = None
depends_on = None

# What clocks may differ by; as epoch seconds where the instant is in JSON.
LATEST = "now() + interval '5 minutes'"
LATEST_SECOND = f"extract(epoch from {LATEST})"


def upgrade() -> None:
    # An unknown instant, or the first of all, gives way to the next fact and to any replay.
    op.execute(
        "update webhook_events set created_at = received_at"
        " where created_at > received_at + interval '5 minutes'"
    )
    op.execute(f"update corrections set told_at = null where told_at > {LATEST}")
    op.execute(f"update invoices set stripe_told_at = null where stripe_told_at > {LATEST}")
    op.execute(
        "update organizations set default_card = jsonb_set(default_card, '{at}', '0')"
        f" where (default_card->>'at')::numeric > {LATEST_SECOND}"
    )
    op.execute(
        "update organizations set cards = (select jsonb_object_agg(key, case"
        f" when (value->>'at')::numeric > {LATEST_SECOND} then jsonb_set(value, '{{at}}', '0')"
        " else value end) from jsonb_each(cards))"
        " where exists (select from jsonb_each(cards)"
        f" where (value->>'at')::numeric > {LATEST_SECOND})"
    )


def downgrade() -> None:
    pass

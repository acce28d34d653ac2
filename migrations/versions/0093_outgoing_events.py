"""Keep outgoing events, their endpoints, and what became of each

Revision ID: 0093_outgoing_events
Revises: 0092_emails_in_lower_case

Three tables of their own: nothing that is there is touched, and a release before this one tells
nothing.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0093_outgoing_events"
down_revision = "0092_emails_in_lower_case"
branch_labels = None
depends_on = None

WAITS = sa.text("state = 'waits'")


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "event_endpoints",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("url", sa.String(500), nullable=False),
        sa.Column("label", sa.String(100), nullable=False),
        sa.Column("kinds", ARRAY(sa.String(30)), nullable=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("why_off", sa.String(300), nullable=True),
        sa.Column("changed_at", instant, nullable=False),
        sa.Column("secret", sa.String(500), nullable=True),
        sa.Column("former_secret", sa.String(500), nullable=True),
        sa.Column("former_until", instant, nullable=True),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("failing_since", instant, nullable=True),
        sa.Column("failures", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("not_before", instant, nullable=True),
        sa.Column("busy_until", instant, nullable=True),
        sa.Column("last_delivered_at", instant, nullable=True),
        sa.CheckConstraint("state in ('on', 'paused', 'off', 'removed')", name="state"),
        sa.CheckConstraint("(former_secret is null) = (former_until is null)", name="former"),
        sa.CheckConstraint("cardinality(kinds) > 0", name="kinds"),
        sa.CheckConstraint("(secret is null) = (state = 'removed')", name="secret"),
        sa.CheckConstraint("failures >= 0", name="failures"),
    )
    op.create_table(
        "outgoing_events",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("name", sa.String(40), unique=True, nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("occasion", sa.String(160), unique=True, nullable=False),
        sa.Column("ordering_key", sa.String(60), nullable=False),
        sa.Column(
            "organization_id", sa.BigInteger(), sa.ForeignKey("organizations.id"), nullable=True
        ),
        sa.Column("happened_at", instant, nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("data", JSONB(), nullable=False),
    )
    op.create_index("ix_outgoing_events_created_at", "outgoing_events", ["created_at"])
    op.create_index(
        "ix_outgoing_events_organization_id", "outgoing_events", ["organization_id"],
        postgresql_where=sa.text("organization_id is not null"),
    )  # fmt: skip
    op.create_table(
        "event_deliveries",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column(
            "endpoint_id", sa.BigInteger(), sa.ForeignKey("event_endpoints.id"), nullable=False
        ),
        sa.Column(
            "event_id", sa.BigInteger(),
            sa.ForeignKey("outgoing_events.id", ondelete="cascade"), nullable=False,
        ),
        sa.Column("ordering_key", sa.String(60), nullable=False),
        sa.Column("state", sa.String(10), server_default="waits", nullable=False),
        sa.Column("is_again", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("first_attempt_at", instant, nullable=True),
        sa.Column("last_attempt_at", instant, nullable=True),
        sa.Column("next_attempt_at", instant, nullable=False),
        sa.Column("ended_at", instant, nullable=True),
        sa.Column("status", sa.BigInteger(), nullable=True),
        sa.Column("took_ms", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.String(300), nullable=True),
        sa.Column("answer", sa.String(300), nullable=True),
        sa.CheckConstraint(
            "state in ('waits', 'delivered', 'given_up', 'dropped')", name="state"
        ),
        sa.CheckConstraint("(ended_at is null) = (state = 'waits')", name="ended"),
    )  # fmt: skip
    op.create_index(
        "uq_event_deliveries_waiting", "event_deliveries", ["endpoint_id", "event_id"],
        unique=True, postgresql_where=WAITS,
    )  # fmt: skip
    op.create_index(
        "ix_event_deliveries_ordering_key", "event_deliveries",
        ["endpoint_id", "ordering_key", "event_id"],
        postgresql_where=WAITS,
    )  # fmt: skip
    op.create_index(
        "ix_event_deliveries_due", "event_deliveries", ["endpoint_id", "next_attempt_at"],
        postgresql_where=WAITS,
    )  # fmt: skip
    op.create_index("ix_event_deliveries_endpoint_id_id", "event_deliveries", ["endpoint_id", "id"])
    op.create_index(
        "ix_event_deliveries_endpoint_id_state_id", "event_deliveries",
        ["endpoint_id", "state", "id"],
    )  # fmt: skip
    op.create_index(
        "ix_event_deliveries_event_id_endpoint_id", "event_deliveries", ["event_id", "endpoint_id"]
    )


def downgrade() -> None:
    op.drop_table("event_deliveries")
    op.drop_table("outgoing_events")
    op.drop_table("event_endpoints")

"""What was agreed with Stripe, each sync and call, and the webhook inbox"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005_sync"
down_revision = "0004_usage"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "webhook_events",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("stripe_event_id", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=80), nullable=False),
        sa.Column("object_id", sa.String(length=64), nullable=True),
        sa.Column("organization_id", sa.BigInteger(), nullable=True),
        sa.Column("idempotency_key", sa.String(length=255), nullable=True),
        sa.Column("api_version", sa.String(length=40), nullable=True),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "source in ('webhook', 'backfill')", name=op.f("ck_webhook_events_source")
        ),
        sa.CheckConstraint(
            "state in ('received', 'processing', 'processed', 'ignored', 'failed', 'dead')",
            name=op.f("ck_webhook_events_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_events")),
        sa.UniqueConstraint("stripe_event_id", name=op.f("uq_webhook_events_stripe_event_id")),
    )
    op.create_index("ix_webhook_events_object_id", "webhook_events", ["object_id"], unique=False)
    op.create_index(
        "ix_webhook_events_pending",
        "webhook_events",
        ["next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("state in ('received', 'processing', 'failed')"),
    )
    op.create_index(
        op.f("ix_webhook_events_received_at"), "webhook_events", ["received_at"], unique=False
    )
    op.create_index("ix_webhook_events_state_id", "webhook_events", ["state", "id"], unique=False)
    op.create_table(
        "foreign_lines",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("stripe_line_id", sa.String(length=64), nullable=False),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision", sa.String(length=12), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.CheckConstraint(
            "decision in ('take_ours', 'adopt', 'leave')", name=op.f("ck_foreign_lines_decision")
        ),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoices.id"], name=op.f("fk_foreign_lines_invoice_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_foreign_lines_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_foreign_lines")),
        sa.UniqueConstraint(
            "invoice_id", "stripe_line_id", name=op.f("uq_foreign_lines_invoice_id_stripe_line_id")
        ),
    )
    op.create_table(
        "sync_leases",
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.String(length=120), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoices.id"], name=op.f("fk_sync_leases_invoice_id")
        ),
        sa.PrimaryKeyConstraint("invoice_id", name=op.f("pk_sync_leases")),
    )
    op.create_table(
        "sync_runs",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("trigger", sa.String(length=12), nullable=False),
        sa.Column("verify", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("actor_kind", sa.String(length=10), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("actor_label", sa.String(length=200), nullable=False),
        sa.Column("expected_plan_hash", sa.String(length=64), nullable=True),
        sa.Column("plan", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("plan_hash", sa.String(length=64), nullable=True),
        sa.Column("findings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("target_revision", sa.BigInteger(), nullable=True),
        sa.Column("lines_added", sa.BigInteger(), nullable=False),
        sa.Column("lines_changed", sa.BigInteger(), nullable=False),
        sa.Column("lines_removed", sa.BigInteger(), nullable=False),
        sa.Column("cents_before", sa.BigInteger(), nullable=True),
        sa.Column("cents_after", sa.BigInteger(), nullable=True),
        sa.Column("calls_planned", sa.BigInteger(), nullable=False),
        sa.Column("calls_made", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error_code", sa.String(length=60), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state in ('queued', 'running', 'retrying', 'succeeded', 'failed')",
            name=op.f("ck_sync_runs_state"),
        ),
        sa.CheckConstraint(
            "trigger in ('scheduled', 'support', 'api', 'final', 'portal', 'event')",
            name=op.f("ck_sync_runs_trigger"),
        ),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoices.id"], name=op.f("fk_sync_runs_invoice_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_sync_runs_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_runs")),
    )
    op.create_index("ix_sync_runs_invoice_id_id", "sync_runs", ["invoice_id", "id"], unique=False)
    op.create_index(
        "ix_sync_runs_organization_id_id", "sync_runs", ["organization_id", "id"], unique=False
    )
    op.create_index(
        "uq_sync_runs_one_active",
        "sync_runs",
        ["invoice_id"],
        unique=True,
        postgresql_where=sa.text("state in ('queued', 'running', 'retrying')"),
    )
    op.create_table(
        "synced_lines",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("stripe_line_id", sa.String(length=64), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.Column("period_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("period_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("members", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoices.id"], name=op.f("fk_synced_lines_invoice_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_synced_lines_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_synced_lines")),
        sa.UniqueConstraint("invoice_id", "key", name=op.f("uq_synced_lines_invoice_id_key")),
    )
    op.create_table(
        "sync_steps",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("operation", sa.String(length=24), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("idempotency_key", sa.String(length=120), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=True),
        sa.Column("stripe_request_id", sa.String(length=64), nullable=True),
        sa.Column("error_code", sa.String(length=60), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "outcome in ('done', 'refused', 'read_back')", name=op.f("ck_sync_steps_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoices.id"], name=op.f("fk_sync_steps_invoice_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_sync_steps_organization_id")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["sync_runs.id"], name=op.f("fk_sync_steps_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_steps")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_sync_steps_idempotency_key")),
        sa.UniqueConstraint("run_id", "position", name=op.f("uq_sync_steps_run_id_position")),
    )
    op.create_index(
        "ix_sync_steps_unsettled",
        "sync_steps",
        ["invoice_id"],
        unique=False,
        postgresql_where=sa.text("outcome is null"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_sync_steps_unsettled",
        table_name="sync_steps",
        postgresql_where=sa.text("outcome is null"),
    )
    op.drop_table("sync_steps")
    op.drop_table("synced_lines")
    op.drop_index(
        "uq_sync_runs_one_active",
        table_name="sync_runs",
        postgresql_where=sa.text("state in ('queued', 'running', 'retrying')"),
    )
    op.drop_index("ix_sync_runs_organization_id_id", table_name="sync_runs")
    op.drop_index("ix_sync_runs_invoice_id_id", table_name="sync_runs")
    op.drop_table("sync_runs")
    op.drop_table("sync_leases")
    op.drop_table("foreign_lines")
    op.drop_index("ix_webhook_events_state_id", table_name="webhook_events")
    op.drop_index(op.f("ix_webhook_events_received_at"), table_name="webhook_events")
    op.drop_index(
        "ix_webhook_events_pending",
        table_name="webhook_events",
        postgresql_where=sa.text("state in ('received', 'processing', 'failed')"),
    )
    op.drop_index("ix_webhook_events_object_id", table_name="webhook_events")
    op.drop_table("webhook_events")

"""Cycles, invoices and their items, adjustments"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003_ledger"
down_revision = "0002_catalogue"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "billing_cycles",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_billing_cycles_period")),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_billing_cycles_organization_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_cycles")),
        sa.UniqueConstraint(
            "organization_id", "sequence", name=op.f("uq_billing_cycles_organization_id_sequence")
        ),
        sa.UniqueConstraint(
            "organization_id", "starts_at", name=op.f("uq_billing_cycles_organization_id_starts_at")
        ),
    )
    op.create_table(
        "invoices",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("cycle_id", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("previous_invoice_id", sa.BigInteger(), nullable=True),
        sa.Column("period_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("period_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("total_cents", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closing_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seal_after_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finalized_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("uncollectible_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("parked_code", sa.String(length=40), nullable=True),
        sa.Column("parked_reason", sa.Text(), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("synced_revision", sa.BigInteger(), nullable=False),
        sa.Column("synced_total_cents", sa.BigInteger(), nullable=False),
        sa.Column("last_synced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("needs_verification", sa.Boolean(), nullable=False),
        sa.Column("next_sync_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sync_failures", sa.BigInteger(), nullable=False),
        sa.Column("stripe_invoice_id", sa.String(length=64), nullable=True),
        sa.Column("stripe_attempt", sa.BigInteger(), nullable=False),
        sa.Column("stripe_status", sa.String(length=20), nullable=True),
        sa.Column("stripe_total_cents", sa.BigInteger(), nullable=True),
        sa.Column("automatically_finalizes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("hosted_invoice_url", sa.Text(), nullable=True),
        sa.Column("invoice_pdf_url", sa.Text(), nullable=True),
        sa.Column("amount_due_cents", sa.BigInteger(), nullable=True),
        sa.Column("amount_paid_cents", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("payment_failure", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status in ('draft', 'closing', 'sealed', 'open', 'paid', 'uncollectible', 'void')",
            name=op.f("ck_invoices_status"),
        ),
        sa.CheckConstraint(
            "(parked_at is null) = (parked_code is null)", name=op.f("ck_invoices_parked")
        ),
        sa.CheckConstraint("period_end > period_start", name=op.f("ck_invoices_period")),
        sa.CheckConstraint("synced_revision <= revision", name=op.f("ck_invoices_synced_revision")),
        sa.ForeignKeyConstraint(
            ["cycle_id"], ["billing_cycles.id"], name=op.f("fk_invoices_cycle_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_invoices_organization_id")
        ),
        sa.ForeignKeyConstraint(
            ["previous_invoice_id"], ["invoices.id"], name=op.f("fk_invoices_previous_invoice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoices")),
        sa.UniqueConstraint(
            "organization_id", "sequence", name=op.f("uq_invoices_organization_id_sequence")
        ),
        sa.UniqueConstraint("previous_invoice_id", name=op.f("uq_invoices_previous_invoice_id")),
        sa.UniqueConstraint("stripe_invoice_id", name=op.f("uq_invoices_stripe_invoice_id")),
    )
    op.create_index(op.f("ix_invoices_cycle_id"), "invoices", ["cycle_id"], unique=False)
    op.create_index(
        "ix_invoices_dirty",
        "invoices",
        ["next_sync_at"],
        unique=False,
        postgresql_where=sa.text(
            "(revision > synced_revision or needs_verification) and status in ('draft', 'closing')"
        ),
    )
    op.create_index(
        "ix_invoices_period_end_draft",
        "invoices",
        ["period_end"],
        unique=False,
        postgresql_where=sa.text("status = 'draft'"),
    )
    op.create_index(
        "ix_invoices_unfinished",
        "invoices",
        ["status", "seal_after_at"],
        unique=False,
        postgresql_where=sa.text("status in ('closing', 'sealed')"),
    )
    op.create_index(
        "uq_invoices_one_draft",
        "invoices",
        ["organization_id"],
        unique=True,
        postgresql_where=sa.text("status = 'draft'"),
    )
    op.create_table(
        "adjustments",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.String(length=200), nullable=False),
        sa.Column("actor_kind", sa.String(length=10), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("actor_label", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_cents <> 0", name=op.f("ck_adjustments_amount")),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoices.id"], name=op.f("fk_adjustments_invoice_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_adjustments_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjustments")),
        sa.UniqueConstraint(
            "organization_id",
            "idempotency_key",
            name=op.f("uq_adjustments_organization_id_idempotency_key"),
        ),
    )
    op.create_index(op.f("ix_adjustments_invoice_id"), "adjustments", ["invoice_id"], unique=False)
    op.create_table(
        "invoice_items",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("cycle_id", sa.BigInteger(), nullable=False),
        sa.Column("price_version_id", sa.BigInteger(), nullable=True),
        sa.Column("service_id", sa.BigInteger(), nullable=True),
        sa.Column("carried_from_id", sa.BigInteger(), nullable=True),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=38, scale=12), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("carried_cents", sa.BigInteger(), nullable=False),
        sa.Column("period_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("period_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trace", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind in ('recurring', 'metered', 'adjustment', 'carry_over')",
            name=op.f("ck_invoice_items_kind"),
        ),
        sa.CheckConstraint("period_end >= period_start", name=op.f("ck_invoice_items_period")),
        sa.ForeignKeyConstraint(
            ["carried_from_id"], ["invoice_items.id"], name=op.f("fk_invoice_items_carried_from_id")
        ),
        sa.ForeignKeyConstraint(
            ["cycle_id"], ["billing_cycles.id"], name=op.f("fk_invoice_items_cycle_id")
        ),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoices.id"], name=op.f("fk_invoice_items_invoice_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_invoice_items_organization_id")
        ),
        sa.ForeignKeyConstraint(
            ["price_version_id"],
            ["price_versions.id"],
            name=op.f("fk_invoice_items_price_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name=op.f("fk_invoice_items_service_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_items")),
        sa.UniqueConstraint("carried_from_id", name=op.f("uq_invoice_items_carried_from_id")),
        sa.UniqueConstraint("invoice_id", "key", name=op.f("uq_invoice_items_invoice_id_key")),
    )
    op.create_index(
        "ix_invoice_items_cycle_version",
        "invoice_items",
        ["organization_id", "cycle_id", "price_version_id"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index("ix_invoice_items_cycle_version", table_name="invoice_items")
    op.drop_table("invoice_items")
    op.drop_index(op.f("ix_adjustments_invoice_id"), table_name="adjustments")
    op.drop_table("adjustments")
    op.drop_index(
        "uq_invoices_one_draft", table_name="invoices", postgresql_where=sa.text("status = 'draft'")
    )
    op.drop_index(
        "ix_invoices_unfinished",
        table_name="invoices",
        postgresql_where=sa.text("status in ('closing', 'sealed')"),
    )
    op.drop_index(
        "ix_invoices_period_end_draft",
        table_name="invoices",
        postgresql_where=sa.text("status = 'draft'"),
    )
    op.drop_index(
        "ix_invoices_dirty",
        table_name="invoices",
        postgresql_where=sa.text(
            "(revision > synced_revision or needs_verification) and status in ('draft', 'closing')"
        ),
    )
    op.drop_index(op.f("ix_invoices_cycle_id"), table_name="invoices")
    op.drop_table("invoices")
    op.drop_table("billing_cycles")

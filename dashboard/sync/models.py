"""What was agreed with Stripe, and the durable record of every sync and every call."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dashboard.billing.models import Invoice
from dashboard.extensions import Model

ACTIVE = ("queued", "running", "retrying")


class SyncedLine(Model):
    """A line of ours as Stripe last confirmed it."""

    __tablename__ = "synced_lines"
    __table_args__ = (
        UniqueConstraint("invoice_id", "key"),
        Index(
            "ix_synced_lines_stripe_line_id", "stripe_line_id",
            postgresql_where=text("stripe_line_id is not null"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"))
    # The item's key, or the name of a roll-up.
    key: Mapped[str] = mapped_column(String(120))
    # Unknown until a reply showed it: replies hold ten lines, the rest is learned when next needed.
    stripe_line_id: Mapped[str | None] = mapped_column(String(64))
    amount_cents: Mapped[int]
    description: Mapped[str] = mapped_column(String(500))
    period_start: Mapped[datetime]
    period_end: Mapped[datetime]
    # Of a roll-up: what each item it stands for contributed, in cents by item key.
    members: Mapped[dict[str, int]] = mapped_column(JSONB, default=dict)


class AddedLine(Model):
    """A line on Stripe's draft that is not ours; support decides what becomes of it."""

    __tablename__ = "foreign_lines"
    __table_args__ = (
        UniqueConstraint("invoice_id", "stripe_line_id"),
        Index(
            "ix_foreign_lines_holding", "organization_id", "invoice_id",
            postgresql_where=text("decision is null or decision = 'leave'"),
        ),
        Index("ix_foreign_lines_stripe_line_id", "stripe_line_id"),
        CheckConstraint("decision in ('take_ours', 'adopt', 'leave')", name="decision"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"))
    stripe_line_id: Mapped[str] = mapped_column(String(64))
    description: Mapped[str] = mapped_column(String(500))
    amount_cents: Mapped[int]
    found_at: Mapped[datetime]
    # take_ours: the next sync removes it; adopt: it became an adjustment;
    # leave: it stays, and the invoice is not finalized while it does.
    decision: Mapped[str | None] = mapped_column(String(12))
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(200))


class SubscriptionLine(Model):
    """A line that is not ours on an invoice that a subscription made; only shown, never changed."""

    __tablename__ = "subscription_lines"
    __table_args__ = (
        UniqueConstraint("invoice_id", "stripe_line_id"),
        CheckConstraint("kind in ('subscription', 'proration', 'other')", name="kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"))
    stripe_line_id: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(12))
    description: Mapped[str] = mapped_column(String(500))
    amount_cents: Mapped[int]
    period_start: Mapped[datetime]
    period_end: Mapped[datetime]


class SyncLease(Model):
    """The right to write one invoice at Stripe, for a sync or any other call.

    Each taking raises `fence`, so that a stalled holder is found out.
    """

    __tablename__ = "sync_leases"

    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"), primary_key=True)
    fence: Mapped[int] = mapped_column(default=0)
    owner: Mapped[str | None] = mapped_column(String(120))
    expires_at: Mapped[datetime | None]


class SyncRun(Model):
    """One sync of one invoice: what was planned, how far it came, how it ended."""

    __tablename__ = "sync_runs"
    __table_args__ = (
        # A second click joins the run that is under way.
        Index(
            "uq_sync_runs_one_active", "invoice_id", unique=True,
            postgresql_where=text("state in ('queued', 'running', 'retrying')"),
        ),
        Index("ix_sync_runs_organization_id_id", "organization_id", "id"),
        Index("ix_sync_runs_timeline", "organization_id", "created_at", "id"),
        # The two lists of what is rare among millions, and what is added up as it ends.
        Index("ix_sync_runs_failed", "id", postgresql_where=text("state = 'failed'")),
        Index(
            "ix_sync_runs_finished_at", "finished_at",
            postgresql_include=["state", "calls_made"],
            postgresql_where=text("finished_at is not null"),
        ),
        Index("ix_sync_runs_invoice_id_id", "invoice_id", "id"),
        CheckConstraint(
            "state in ('queued', 'running', 'retrying', 'succeeded', 'failed')", name="state"
        ),
        CheckConstraint(
            "trigger in ('scheduled', 'support', 'api', 'final', 'portal', 'event', 'bulk')",
            name="trigger",
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"))
    trigger: Mapped[str] = mapped_column(String(12))
    # Whether the run reads Stripe's lines and compares them one by one.
    verify: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(12), default="queued")
    actor_kind: Mapped[str] = mapped_column(String(10))
    actor_id: Mapped[int | None]
    actor_label: Mapped[str] = mapped_column(String(200))
    # When a person applied a preview: the run refuses to apply anything else.
    expected_plan_hash: Mapped[str | None] = mapped_column(String(64))
    # The plan in words and numbers, as `Plan.to_json` gives it, and what a comparison found; the
    # changes by which that was repaired are among the plan's.
    plan: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    plan_hash: Mapped[str | None] = mapped_column(String(64))
    findings: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    target_revision: Mapped[int | None]
    lines_added: Mapped[int] = mapped_column(default=0)
    lines_changed: Mapped[int] = mapped_column(default=0)
    lines_removed: Mapped[int] = mapped_column(default=0)
    # Lines at Stripe that were not ours when it ended; null where a former release did not count.
    lines_not_ours: Mapped[int | None]
    cents_before: Mapped[int | None]
    cents_after: Mapped[int | None]
    calls_planned: Mapped[int] = mapped_column(default=0)
    calls_made: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    # How many of the attempts ended in something unexpected, the death of a worker included.
    interruptions: Mapped[int] = mapped_column(default=0, server_default="0")
    next_attempt_at: Mapped[datetime | None]
    error_code: Mapped[str | None] = mapped_column(String(60))
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    invoice: Mapped[Invoice] = relationship()
    steps: Mapped[list[SyncStep]] = relationship(back_populates="run", order_by="SyncStep.position")


class SyncStep(Model):
    """One intended call, committed before it is sent; without an `outcome` it is recovered first.

    `run` is the sync that made it; None for a call that no sync makes, such as a credit note's.
    """

    __tablename__ = "sync_steps"
    __table_args__ = (
        UniqueConstraint("run_id", "position"),
        UniqueConstraint("idempotency_key"),
        Index(
            "ix_sync_steps_unsettled", "invoice_id", postgresql_where=text("outcome is null")
        ),
        Index(
            "ix_sync_steps_stripe_request_id", "stripe_request_id",
            postgresql_where=text("stripe_request_id is not null"),
        ),
        CheckConstraint("outcome in ('done', 'refused', 'read_back')", name="outcome"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    run_id: Mapped[int | None] = mapped_column(ForeignKey("sync_runs.id"))
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"))
    position: Mapped[int]
    operation: Mapped[str] = mapped_column(String(24))
    # Exactly what is sent, so that the same call can be repeated after a crash.
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    idempotency_key: Mapped[str] = mapped_column(String(120))
    fence: Mapped[int]
    attempts: Mapped[int] = mapped_column(default=1)
    sent_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    # done: Stripe confirmed it; refused: Stripe did not do it;
    # read_back: unknown, so the lines were read and the synced state made anew.
    outcome: Mapped[str | None] = mapped_column(String(12))
    stripe_request_id: Mapped[str | None] = mapped_column(String(64))
    error_code: Mapped[str | None] = mapped_column(String(60))
    error: Mapped[str | None] = mapped_column(Text)

    run: Mapped[SyncRun | None] = relationship(back_populates="steps")

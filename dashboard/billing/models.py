"""Cycles, invoices and their items, adjustments: what is owed and why."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dashboard.billing.authored import Authored
from dashboard.billing.change_models import Change
from dashboard.billing.cycle_models import BillingCycle as BillingCycle
from dashboard.billing.indexes import FOUND_BY
from dashboard.billing.lost_customer import customer_went
from dashboard.extensions import Model
from dashboard.organizations.models import Organization
from dashboard.pricing.models import EXACT, PriceVersion
from dashboard.pricing.rating import rate_metered
from dashboard.pricing.versions import terms_of
from dashboard.services.models import Service

# Forward only; `uncollectible` may still be paid or voided.
STATUSES = ("draft", "closing", "sealed", "open", "uncollectible", "paid", "void")
CHANGEABLE = ("draft", "closing")
FINALIZED = ("open", "paid", "uncollectible", "void")
# Items that bill what belongs to an item of an earlier invoice, their `carried_from_id`: what
# Stripe's copy of that did not contain, what it asked for before it was voided, or a credit for
# more than was due that nobody was billed.
FOLLOWING = ("carry_over", "rebilled", "taken_back")


class Invoice(Model):
    """The bill of a cycle, or of part of one after an early roll; the draft is the current one."""

    __tablename__ = "invoices"
    __table_args__ = (
        UniqueConstraint("organization_id", "sequence"),
        # Exactly one next invoice, however often and at once the end of this one is reported.
        UniqueConstraint("previous_invoice_id"),
        # Partial, so that PostgreSQL does not count it among the keys that other rows refer to:
        # setting it would hold up whoever adds an item (docs/decisions/lock-order.md).
        Index(
            "uq_invoices_stripe_invoice_id", "stripe_invoice_id", unique=True,
            postgresql_where=text("stripe_invoice_id is not null"),
        ),
        Index(
            "uq_invoices_one_draft", "organization_id", unique=True,
            postgresql_where=text("status = 'draft'"),
        ),
        *FOUND_BY,
        CheckConstraint(
            "status in ('draft', 'closing', 'sealed', 'open', 'paid', 'uncollectible', 'void')",
            name="status",
        ),
        CheckConstraint("period_end > period_start", name="period"),
        CheckConstraint("synced_revision <= revision", name="synced_revision"),
        CheckConstraint("(parked_at is null) = (parked_code is null)", name="parked"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    cycle_id: Mapped[int] = mapped_column(ForeignKey("billing_cycles.id"), index=True)
    sequence: Mapped[int]
    previous_invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoices.id"))
    period_start: Mapped[datetime]
    period_end: Mapped[datetime]
    currency: Mapped[str] = mapped_column(String(3))
    status: Mapped[str] = mapped_column(String(16), default="draft")
    # Sum of the items' amounts less what was carried to the next invoice; before tax.
    total_cents: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]

    # The life of the bill.
    closing_at: Mapped[datetime | None]
    seal_after_at: Mapped[datetime | None]
    sealed_at: Mapped[datetime | None]
    # Its place in line once sealed, the lowest first, and until when it is passed over.
    finalize_rank: Mapped[int] = mapped_column(default=0, server_default="0")
    finalize_after_at: Mapped[datetime | None]
    finalized_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]
    uncollectible_at: Mapped[datetime | None]
    parked_at: Mapped[datetime | None]
    parked_code: Mapped[str | None] = mapped_column(String(40))
    parked_reason: Mapped[str | None] = mapped_column(Text)

    # What was agreed with Stripe: dirty while `revision` is above `synced_revision`.
    revision: Mapped[int] = mapped_column(default=0)
    synced_revision: Mapped[int] = mapped_column(default=0)
    synced_total_cents: Mapped[int] = mapped_column(default=0)
    last_synced_at: Mapped[datetime | None]
    last_verified_at: Mapped[datetime | None]
    # Somebody or something hinted that Stripe's draft differs; the next sync reads its lines.
    needs_verification: Mapped[bool] = mapped_column(default=False)
    next_sync_at: Mapped[datetime | None]
    sync_failures: Mapped[int] = mapped_column(default=0)

    # Stripe's side, as last seen in a reply or an event: of which second, and of which of them.
    stripe_told_at: Mapped[datetime | None]
    stripe_told_by: Mapped[str | None] = mapped_column(String(64))
    # On which of Stripe's invoices it is billed: see `subscription`. Of one that a subscription
    # made, what the lines come to that are not ours; `stripe_total_cents` is without them.
    billed_with: Mapped[str] = mapped_column(String(8), default="alone", server_default="alone")
    theirs_cents: Mapped[int] = mapped_column(default=0, server_default="0")
    # When it was last read only because nobody had looked for long.
    stripe_read_at: Mapped[datetime | None]
    stripe_invoice_id: Mapped[str | None] = mapped_column(String(64))
    # What it was at Stripe before somebody edited it there; that one is void.
    replaced_stripe_id: Mapped[str | None] = mapped_column(String(64))
    replaced_number: Mapped[str | None] = mapped_column(String(40))
    # Part of the create call's key: a key stays bound to a draft even after that draft was deleted.
    stripe_attempt: Mapped[int] = mapped_column(default=0)
    stripe_status: Mapped[str | None] = mapped_column(String(20))
    stripe_total_cents: Mapped[int | None]
    # Whether Stripe is to work tax out for it: as its organization was billed while it was current.
    automatic_tax: Mapped[bool] = mapped_column(default=False, server_default=false())
    # What the draft was last told by us, and confirmed: what a person set there is not undone.
    agreed_tax: Mapped[bool | None]
    agreed_tax_product: Mapped[str | None] = mapped_column(String(80))
    # Whether Stripe does, as last told, and how far it is: `complete`, or what is in the way.
    stripe_automatic_tax: Mapped[bool | None]
    stripe_tax_status: Mapped[str | None] = mapped_column(String(40))
    # How the draft at Stripe was last told to be collected, and its days as they were told:
    # Stripe itself can say so only in part.
    agreed_terms: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    automatically_finalizes_at: Mapped[datetime | None]
    # Somebody asked that Stripe's own schedule stand again after it was switched off there.
    restores_schedule: Mapped[bool] = mapped_column(default=False, server_default=false())
    number: Mapped[str | None] = mapped_column(String(40))
    hosted_invoice_url: Mapped[str | None] = mapped_column(Text)
    invoice_pdf_url: Mapped[str | None] = mapped_column(Text)
    # The links end thirty days after the due date, but not in the ten days after they were told.
    links_told_at: Mapped[datetime | None]
    # What Stripe added as tax, and whom it made the invoice out to: {"name", "email", "address",
    # "tax_ids"}. None of what was issued before they were kept.
    tax_cents: Mapped[int | None]
    billed_to: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    # What makes up the tax, by Stripe's reasons: [{"cents", "reason", "taxable_cents"}].
    taxes: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB)
    amount_due_cents: Mapped[int | None]
    amount_remaining_cents: Mapped[int | None]
    amount_paid_cents: Mapped[int | None]
    # Of what was paid: what did not go through Stripe. No event tells it, only a reading.
    paid_off_stripe_cents: Mapped[int | None]
    overpaid_cents: Mapped[int | None]
    # Credit notes lower what is due while something is; what is above that is given back.
    pre_payment_credit_notes_cents: Mapped[int | None]
    post_payment_credit_notes_cents: Mapped[int | None]
    # What its refunds and disputes come to (`corrections`); none of them changes what it bills.
    refunded_cents: Mapped[int] = mapped_column(default=0, server_default="0")
    disputed_cents: Mapped[int] = mapped_column(default=0, server_default="0")
    charged_back_cents: Mapped[int] = mapped_column(default=0, server_default="0")
    dispute_status: Mapped[str | None] = mapped_column(String(40))
    dispute_answer_by_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    attempt_count: Mapped[int | None]
    # None where Stripe plans no further one, or told of none yet.
    next_payment_attempt_at: Mapped[datetime | None]
    failed_attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    # The customer's balance at Stripe before and after it was issued; below zero is credit.
    starting_balance_cents: Mapped[int | None]
    ending_balance_cents: Mapped[int | None]
    # Of the last attempt that failed: what is known of it, when it was, and as of its second what
    # the bank said, {"code", "at"}, which another event tells.
    payment_failure: Mapped[str | None] = mapped_column(Text)
    payment_failed_at: Mapped[datetime | None]
    decline: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    # When the bank last asked that the customer confirm the payment.
    action_required_at: Mapped[datetime | None]

    organization: Mapped[Organization] = relationship()
    cycle: Mapped[BillingCycle] = relationship()
    items: Mapped[list[InvoiceItem]] = relationship(
        back_populates="invoice", order_by="InvoiceItem.id"
    )

    @property
    def called(self) -> str:
        """What people call it: by Stripe's number once it has one."""
        return f"invoice {self.number or self.sequence}"

    @property
    def is_changeable(self) -> bool:
        """Whether its items may still change."""
        return self.status in CHANGEABLE

    @property
    def is_off_portal(self) -> bool:
        """Whether it is to be paid and its customer, with the portal, was deleted at Stripe."""
        return customer_went(self.status, self.finalized_at, self.organization.customer_lost_at)

    @property
    def is_dirty(self) -> bool:
        """Whether the ledger holds something that Stripe was not told."""
        return self.revision > self.synced_revision


class InvoiceItem(Change, Model):
    """One line of an invoice, rated, with its last change; `trace` explains the amount."""

    __tablename__ = "invoice_items"
    __table_args__ = (
        UniqueConstraint("invoice_id", "key"),
        # A remainder is carried over once, whatever reports it; so is a void item billed again.
        UniqueConstraint("carried_from_id", "kind"),
        Index("ix_invoice_items_cycle_version", "organization_id", "cycle_id", "price_version_id"),
        CheckConstraint(
            "kind in ('recurring', 'metered', 'adjustment', 'carry_over', 'rebilled',"
            " 'taken_back')",
            name="kind",
        ),
        CheckConstraint("period_end >= period_start", name="period"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"))
    kind: Mapped[str] = mapped_column(String(16))
    # Durable name of the line on its invoice, as recurring:<cycle>:<service>:<version>.
    key: Mapped[str] = mapped_column(String(120))
    # The nominal cycle the charge is for; another than the invoice's own for late usage.
    cycle_id: Mapped[int] = mapped_column(ForeignKey("billing_cycles.id"))
    price_version_id: Mapped[int | None] = mapped_column(ForeignKey("price_versions.id"))
    service_id: Mapped[int | None] = mapped_column(ForeignKey("services.id"))
    carried_from_id: Mapped[int | None] = mapped_column(ForeignKey("invoice_items.id"))
    description: Mapped[str] = mapped_column(String(500))
    quantity: Mapped[Decimal] = mapped_column(EXACT)
    amount_cents: Mapped[int]
    # What Stripe finalized without; it went to the next invoice as a carry-over.
    carried_cents: Mapped[int] = mapped_column(default=0)
    # What credit notes took off it again after it was issued; of that, what was to be billed again.
    credited_cents: Mapped[int] = mapped_column(default=0, server_default="0")
    reissued_cents: Mapped[int] = mapped_column(default=0, server_default="0")
    period_start: Mapped[datetime]
    period_end: Mapped[datetime]
    kept_trace: Mapped[dict[str, Any]] = mapped_column("trace", JSONB, default=dict)
    # The invoice's revision that last changed this item.
    revision: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    # When its last change began (`Change`); none before history was kept.
    changed_at: Mapped[datetime | None]

    invoice: Mapped[Invoice] = relationship(back_populates="items")
    cycle: Mapped[BillingCycle] = relationship()
    price_version: Mapped[PriceVersion | None] = relationship()
    service: Mapped[Service | None] = relationship()

    @property
    def trace(self) -> dict[str, Any]:
        """What explains the amount: kept, or of usage rated by itself told by the item."""
        if self.kept_trace or self.kind != "metered" or self.price_version is None:
            return self.kept_trace
        return rate_metered(terms_of(self.price_version), self.quantity).trace

    @trace.setter
    def trace(self, told: dict[str, Any]) -> None:
        self.kept_trace = told

    @property
    def unit_label(self) -> str:
        """What a unit of its price is called; nothing for what has no price."""
        return self.price_version.price.unit_label if self.price_version else ""

    @property
    def billed_cents(self) -> int:
        """What its invoice bills of it; over all items this adds up to the invoice's total."""
        return self.amount_cents - self.carried_cents


class Adjustment(Authored, Model):
    """A one-off charge (positive) or credit (negative), with reason and actor; never changed."""

    __tablename__ = "adjustments"
    __table_args__ = (
        UniqueConstraint("organization_id", "idempotency_key"),
        UniqueConstraint("reverses_id"),
        CheckConstraint("amount_cents <> 0", name="amount"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"), index=True)
    amount_cents: Mapped[int]
    description: Mapped[str] = mapped_column(String(500))
    # The charge or credit of which this is the opposite.
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("adjustments.id"))

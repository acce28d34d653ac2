"""The rows that the pages of a bill read, with the names that the ledger's own objects have."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from dashboard.billing.models import CHANGEABLE
from dashboard.pricing.terms import Terms


class BilledOrganization(NamedTuple):
    """Who is billed."""

    id: int
    slug: str
    name: str
    currency: str
    collection_method: str
    days_until_due: int | None
    stripe_customer_id: str | None
    customer_at_stripe: dict[str, Any] | None
    customer_lost_at: datetime | None
    budget_cents: int | None
    standing: str
    payment_method: dict[str, Any] | None
    cards: dict[str, Any]
    default_card: dict[str, Any] | None


class CurrentInvoice(NamedTuple):
    """An organization's draft; what is only known once it is issued it does not have."""

    id: int
    organization_id: int
    cycle_id: int
    sequence: int
    status: str
    number: str | None
    currency: str
    period_start: datetime
    period_end: datetime
    created_at: datetime
    total_cents: int
    revision: int
    synced_revision: int
    synced_total_cents: int
    billed_with: str
    sync_failures: int
    needs_verification: bool
    last_synced_at: datetime | None
    next_sync_at: datetime | None
    parked_at: datetime | None
    parked_code: str | None
    parked_reason: str | None
    stripe_invoice_id: str | None
    stripe_status: str | None
    stripe_total_cents: int | None
    automatically_finalizes_at: datetime | None
    restores_schedule: bool
    amount_paid_cents: int | None
    amount_remaining_cents: int | None
    pre_payment_credit_notes_cents: int | None
    post_payment_credit_notes_cents: int | None
    refunded_cents: int
    charged_back_cents: int
    dispute_status: str | None
    payment_failure: str | None
    next_payment_attempt_at: datetime | None
    automatic_tax: bool

    @property
    def is_off_portal(self) -> bool:
        """It is in nobody's portal yet, so it has not gone from there either."""
        return False

    @property
    def is_changeable(self) -> bool:
        """Whether its items may still change."""
        return self.status in CHANGEABLE

    @property
    def is_dirty(self) -> bool:
        """Whether the ledger holds something that Stripe was not told."""
        return self.revision > self.synced_revision


class LatestRun(NamedTuple):
    """The newest sync of an invoice."""

    id: int
    state: str
    calls_planned: int
    calls_made: int
    attempts: int
    next_attempt_at: datetime | None
    error: str | None
    error_code: str | None


class AddedLines(NamedTuple):
    """How many lines of Stripe's are not ours, how many were decided on, and how many were left."""

    total: int
    decided: int
    left: int


class AgreedLine(NamedTuple):
    """A line of ours as Stripe last confirmed it."""

    key: str
    stripe_line_id: str | None
    amount_cents: int
    description: str
    period_start: datetime
    period_end: datetime
    members: dict[str, int]


class Around(NamedTuple):
    """What else the page of a draft depends on.

    `whole_seconds`: how long the whole cycle is that this one is a part of; None: it is all of one.
    `is_alone`: no other invoice bills its cycle. `attached_at`: when the first service was, of an
    organization's first invoice. `has_waiting`: usage was accepted that is not on the bill yet.
    `earlier_cents`: what the cycle's earlier invoices come to, where there is a budget for it.
    `last_cycle_cents` and `habits`: what the cycle before came to, and how usage went then.
    `earlier` tells of the invoices before it.
    """

    starts_at: datetime
    ends_at: datetime
    whole_seconds: int | None
    is_alone: bool
    attached_at: datetime | None
    has_waiting: bool
    earlier_cents: int
    last_cycle_cents: int | None
    habits: dict[str, list[Any]] | None
    earlier: str | None


class LastIssued(NamedTuple):
    """The invoice issued last before a draft.

    `moves`: how many void invoices and credit notes moved the balance since.
    """

    id: int
    sequence: int
    number: str | None
    total_cents: int
    finalized_at: datetime | None
    ending_balance_cents: int | None
    moves: int

    @property
    def called(self) -> str:
        """What people call it."""
        return f"invoice {self.number or self.sequence}"


class Item(NamedTuple):
    """A line of the bill, with its price: what a unit of that is called and costs.

    `product` and what follows it are None for what has no price; `package_size` for others too.
    `reverses`: the key of the charge or credit that it reverses.
    """

    id: int
    kind: str
    key: str
    cycle_id: int
    price_version_id: int | None
    description: str
    quantity: Decimal
    amount_cents: int
    carried_cents: int
    credited_cents: int
    period_start: datetime
    period_end: datetime
    price_id: int | None
    unit_label: str
    product: str | None
    price_name: str | None
    model: str | None
    unit_amount: Decimal | None
    package_size: Decimal | None
    reverses: str | None = None

    @property
    def billed_cents(self) -> int:
        """What its invoice bills of it."""
        return self.amount_cents - self.carried_cents


class Version(NamedTuple):
    """One version of a price, as it is rated."""

    id: int
    price_id: int
    effective_at: datetime
    model: str
    unit_amount: Decimal
    allowance: Decimal
    package_size: Decimal | None
    tiers: list[dict[str, Any]]
    currency: str
    unit_label: str

    @property
    def terms(self) -> Terms:
        """The terms to rate with."""
        return Terms.of(self)

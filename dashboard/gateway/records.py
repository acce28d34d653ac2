"""Plain records of invoices and of what follows them: what we tell Stripe and what it tells us."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dashboard.gateway.told import Told


@dataclass(frozen=True, slots=True)
class Taxed:
    """As what a line is taxed: the product at Stripe that has the tax code, and the currency."""

    product: str
    currency: str


@dataclass(frozen=True, slots=True)
class InvoiceDraft:
    """An empty draft to create. `finalizes_at` None holds it; times are UTC.

    `automatic_tax`: Stripe works tax out for it.
    """

    customer_id: str
    invoice: str
    currency: str
    collection_method: str
    days_until_due: int | None
    finalizes_at: datetime | None
    description: str
    installation: str | None = None
    automatic_tax: bool = False


@dataclass(frozen=True, slots=True)
class DraftTerms:
    """How a draft is collected, and what it says of its days; None leaves what it says."""

    collection_method: str
    days_until_due: int | None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class LineContent:
    """One line as the ledger wants it: minor units, whole-second half-open period in UTC.

    `members` are the (key, cents) that a roll-up, or a line lowered by credits, stands for; Stripe
    is not told, so they do not make one line differ from another. Nor does `taxed`, which no
    reading shows: a draft whose tax is switched on has every line sent again. One that is not
    `discountable` is left out of the coupons of a subscription's invoice.
    """

    key: str
    amount_cents: int
    description: str
    period_start: datetime
    period_end: datetime
    members: tuple[tuple[str, int], ...] = field(default=(), compare=False)
    taxed: Taxed | None = field(default=None, compare=False)
    discountable: bool = field(default=True, compare=False)


@dataclass(frozen=True, slots=True)
class RemoteLine(Told):
    """One line at Stripe; `key` is None when it does not carry our metadata.

    `old_key` is what the first release would have called its key: other applications may use that
    name too, so it counts only where it is a key that we know.
    """

    id: str
    key: str | None
    amount_cents: int
    description: str
    period_start: datetime
    period_end: datetime
    old_key: str | None = None
    # The subscription that put it there, and whether it is a share that a change brought.
    subscription_id: str | None = None
    is_proration: bool = False
    # What of the amount the invoice's total before tax does not have: discounts, and tax within.
    discount_cents: int = 0
    tax_within_cents: int = 0

    @property
    def net_cents(self) -> int:
        """What it adds to the invoice's total before tax."""
        return self.amount_cents - self.discount_cents - self.tax_within_cents


@dataclass(frozen=True, slots=True)
class RemotePayment(Told):
    """What is to pay an invoice, or did; `paid_by` is what its refunds and disputes name."""

    id: str
    stripe_invoice_id: str
    status: str
    paid_by: str | None
    # By other means than Stripe: a transfer, cash.
    off_stripe: bool
    amount_paid_cents: int


@dataclass(frozen=True, slots=True)
class RemoteDecline(Told):
    """An attempt to pay that failed: of what, and the bank's reason if it told one."""

    paid_by: str
    code: str | None


@dataclass(frozen=True, slots=True)
class RemoteCorrection(Told):
    """A credit note, refund or dispute, as one reply or event showed it.

    A credit note names its invoice, the others what paid it.
    """

    kind: str
    id: str
    status: str
    amount_cents: int
    reason: str | None
    made_at: datetime
    stripe_invoice_id: str | None = None
    paid_by: str | None = None
    number: str | None = None
    # A note first lowers what is due; what is above that is given back.
    pre_payment_cents: int = 0
    post_payment_cents: int = 0
    # Of that: what went to the balance, neither refunded nor paid back outside of Stripe.
    balance_cents: int = 0
    # When the bank's time for an answer ends.
    answer_by_at: datetime | None = None
    # Of a note, and of a refund: what its metadata claims, which anybody may write.
    note: str | None = None
    refund: str | None = None
    installation: str | None = None
    as_of: datetime | None = None
    # Stripe's name for the event or reply.
    told_by: str | None = None

    @property
    def request_id(self) -> str | None:
        """Stripe's name for the reply that it was."""
        return self.told_by


@dataclass(frozen=True, slots=True)
class RemoteInvoice(Told):
    """An invoice at Stripe as one reply or event showed it; `lines` holds at most ten of them.

    `installation` and `invoice` are what its metadata claims, which anybody may write.
    """

    id: str
    status: str
    customer_id: str
    invoice: str | None
    currency: str
    # Before tax: tax is Stripe's, the ledger does not know it.
    total_cents: int
    auto_advance: bool
    automatically_finalizes_at: datetime | None
    number: str | None
    hosted_invoice_url: str | None
    invoice_pdf_url: str | None
    amount_due_cents: int
    amount_remaining_cents: int
    amount_paid_cents: int
    overpaid_cents: int
    # None where it was not asked for: events never carry it.
    paid_off_stripe_cents: int | None
    pre_payment_credit_notes_cents: int
    post_payment_credit_notes_cents: int
    attempt_count: int
    due_at: datetime | None
    finalized_at: datetime | None
    paid_at: datetime | None
    voided_at: datetime | None
    uncollectible_at: datetime | None
    finalization_error: str | None
    payment_error: str | None = None
    # None where Stripe tries no more by itself.
    next_payment_attempt_at: datetime | None = None
    # The customer's balance there, before and after this invoice; below zero is credit.
    starting_balance_cents: int | None = None
    ending_balance_cents: int | None = None
    created_at: datetime | None = None
    # Somebody edited an invoice at Stripe: a void one names what replaced it.
    latest_revision: str | None = None
    from_invoice: str | None = None
    # What Stripe added as tax: `total_cents` is without it.
    tax_cents: int = 0
    # Whether Stripe works tax out for it, and how far it is: `complete`, or what is in the way.
    automatic_tax: bool = False
    tax_status: str | None = None
    # What makes up the tax, see `taxes`.
    taxes: tuple[dict[str, Any], ...] = ()
    # Whom it is made out to, see `billed_to`.
    billed_to: dict[str, Any] = field(default_factory=dict)
    lines: tuple[RemoteLine, ...] = ()
    has_more_lines: bool = False
    installation: str | None = None
    # Where they were asked for.
    payments: tuple[RemotePayment, ...] = ()
    request_id: str | None = None
    event_id: str | None = None
    # What made it: "manual" for ours, "subscription_cycle" where a subscription renewed, others.
    billing_reason: str | None = None
    subscription_id: str | None = None
    made_at: datetime | None = None
    # By Stripe's clock: the second of the event; of a reply, one that it is not older than.
    as_of: datetime | None = None

    @property
    def all_lines(self) -> tuple[RemoteLine, ...] | None:
        """Every line it has, as of now; None where only a listing can tell.

        It may embed ten of more, or be a reply that Stripe repeats from memory, or not add up.
        """
        is_of_now = self.as_of is not None and not self.is_event
        adds_up = sum(line.amount_cents for line in self.lines) == self.total_cents
        return self.lines if is_of_now and adds_up and not self.has_more_lines else None

    @property
    def is_event(self) -> bool:
        """Whether an event carried it, which may have been on its way for long."""
        return self.event_id is not None

    @property
    def told_by(self) -> str | None:
        """Stripe's name for the event or reply."""
        return self.event_id or self.request_id

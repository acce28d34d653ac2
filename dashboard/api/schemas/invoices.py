"""Invoices, their items and adjustments as the API speaks of them; amounts are minor units."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from dashboard.api.schemas.credit_notes import CreditNoteOut
from dashboard.api.schemas.refunds import RefundOut
from dashboard.api.schemas.reissues import ReissueOut
from dashboard.api.schemas.types import (
    ExactDecimal,
    Instant,
    Key,
    Reason,
    Sent,
    Text,
    Told,
)
from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.billing.tax_words import untaxed_codes
from dashboard.billing.void_models import VoidCase
from dashboard.ids import HIGHEST_ID


class ItemOut(Told):
    """One line; `trace` explains the amount in numbers and in words."""

    key: str
    kind: str
    description: str
    price: str | None
    service: str | None
    quantity: ExactDecimal
    amount_cents: int
    carried_cents: int
    credited_cents: int
    period_start: Instant
    period_end: Instant
    trace: dict[str, Any]

    @classmethod
    def of(cls, item: InvoiceItem) -> "ItemOut":
        """Read an item loaded with its price and service."""
        return cls.model_construct(
            key=item.key,
            kind=item.kind,
            description=item.description,
            price=item.price_version.price.code if item.price_version else None,
            service=item.service.external_id if item.service else None,
            quantity=item.quantity,
            amount_cents=item.amount_cents,
            carried_cents=item.carried_cents,
            credited_cents=item.credited_cents,
            period_start=item.period_start,
            period_end=item.period_end,
            trace=item.trace,
        )


class InvoiceOut(Told):
    """An invoice; `total_cents` is before tax. `is_in_sync`: Stripe has all of it.

    `automatic_tax`: Stripe works its tax out. `tax_cents` is what Stripe added, null until the
    invoice is issued; `tax_reasons` say why there is none on some or all of it, in Stripe's words.

    Credit notes before payment lower the amount due, those after it return money; neither changes
    the total, nor do refunds and disputes. `charged_back_cents` was returned by disputes that were
    lost. `next_payment_attempt_at` is null where Stripe has announced no further attempt. Links end
    thirty days after the due date, but not in the ten days after they were told. `billed_with`:
    alone, on an invoice of its own; waits, for a subscription's next invoice; claiming or claimed,
    on that. `theirs_cents` is on the same invoice and not ours, and no part of `total_cents`.
    """

    sequence: int
    status: str
    currency: str
    total_cents: int
    automatic_tax: bool
    tax_cents: int | None
    tax_reasons: list[str]
    period_start: Instant
    period_end: Instant
    number: str | None
    amount_due_cents: int | None
    amount_remaining_cents: int | None
    amount_paid_cents: int | None
    paid_off_stripe_cents: int | None
    overpaid_cents: int | None
    pre_payment_credit_notes_cents: int | None
    post_payment_credit_notes_cents: int | None
    refunded_cents: int
    disputed_cents: int
    charged_back_cents: int
    dispute_status: str | None
    dispute_answer_by_at: Instant | None
    due_at: Instant | None
    next_payment_attempt_at: Instant | None
    finalized_at: Instant | None
    paid_at: Instant | None
    starting_balance_cents: int | None
    ending_balance_cents: int | None
    hosted_invoice_url: str | None
    links_told_at: Instant | None
    stripe_invoice_id: str | None
    billed_with: str
    theirs_cents: int
    is_in_sync: bool
    last_synced_at: Instant | None

    @classmethod
    def facts(cls, invoice: Invoice) -> dict[str, Any]:
        """Return what the fields say of `invoice`."""
        worked_out = ("is_in_sync", "tax_reasons")
        known = {
            name: getattr(invoice, name)
            for name in InvoiceOut.model_fields
            if name not in worked_out
        }
        told = untaxed_codes(invoice)
        return known | {"is_in_sync": not invoice.is_dirty, "tax_reasons": told}


class VoidOut(Told):
    """The amount of a void invoice, before tax: it is not billed unless `state` is `billed`.

    `state` is undecided, billed (on the invoice `billed_on`) or written_off. `cents` is without
    `waived_cents`: the amount a credit note or an edit at Stripe took off before the void.
    """

    state: str
    cents: int
    waived_cents: int
    billed_on: int | None
    reason: str | None
    decided_by: str | None
    decided_at: Instant | None

    @classmethod
    def of(cls, case: VoidCase) -> "VoidOut":
        """Read a case."""
        return cls(
            state=case.state,
            cents=case.asked_cents,
            waived_cents=case.cents - case.asked_cents,
            billed_on=case.billed_on.sequence if case.billed_on else None,
            reason=case.reason,
            decided_by=case.decided_by,
            decided_at=case.decided_at,
        )


class VoidDecisionIn(Sent):
    """What to do with the amount of a void invoice; `cents` is the amount you decide on."""

    decision: Literal["bill", "write_off"]
    cents: int
    reason: Reason | None = None


class InvoiceDetail(InvoiceOut):
    """An invoice with its lines; a void one also with the decision on its amount.

    `credit_notes`, `reissues` and `refunds` (outside notes) are those made here, oldest first.
    """

    items: list[ItemOut]
    void: VoidOut | None = None
    credit_notes: Annotated[list[CreditNoteOut], Field(default_factory=list)]
    reissues: Annotated[list[ReissueOut], Field(default_factory=list)]
    refunds: Annotated[list[RefundOut], Field(default_factory=list)]


class CurrentInvoice(InvoiceDetail):
    """The current invoice and its forecast: between low and high in four of five cases.

    A forecast from the first days of a cycle is rough. `last_cycle_cents` is the
    total of the cycle before; null for the first.
    """

    forecast_cents: int
    forecast_low_cents: int
    forecast_high_cents: int
    forecast_is_rough: bool
    forecast_excludes: list[str]
    last_cycle_cents: int | None


class InvoiceQuery(Sent):
    """The `before` of the last page, to get older invoices."""

    before: Annotated[int, Field(ge=1, le=HIGHEST_ID)] | None = None


class InvoiceList(Told):
    """Past invoices, newest first; send `before` to get older ones."""

    invoices: list[InvoiceOut]
    before: int | None


class AdjustmentIn(Sent):
    """A charge (above zero) or a credit (below) on the current invoice, in minor units."""

    amount_cents: Annotated[int, Field(ge=-(10**12), le=10**12)]
    currency: Annotated[str, StringConstraints(pattern=r"^[a-z]{3}$")] | None = None
    description: Text
    reason: Reason
    key: Key | None = None


class AdjustmentOut(Told):
    """A charge or credit, and the invoice it is on."""

    id: int
    invoice: int
    amount_cents: int
    description: str
    reason: str
    key: str
    created_at: Instant

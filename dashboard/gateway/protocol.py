"""What the product asks of its payment provider; `stripe.py` is the one that keeps it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Protocol

from dashboard.gateway.balance_records import RemoteBalance
from dashboard.gateway.customer_records import (
    CustomerDraft,
    RemoteCard,
    RemoteCustomer,
    RemoteMark,
)
from dashboard.gateway.event_records import RemoteEndpoints, RemoteEvent, Unreadable
from dashboard.gateway.note_records import NoteDraft, NotePreview
from dashboard.gateway.pages import RemotePage
from dashboard.gateway.records import (
    DraftTerms,
    InvoiceDraft,
    LineContent,
    RemoteCorrection,
    RemoteDecline,
    RemoteInvoice,
    RemoteLine,
    RemotePayment,
)
from dashboard.gateway.refund_records import RefundDraft
from dashboard.gateway.subscription_records import RemoteSubscription

# Lines per bulk call. Stripe publishes no limit; this is well inside what is known to work.
LINES_PER_CALL = 100
LINES_PER_INVOICE = 250


class Limiter(Protocol):
    """Decides when a call may be sent."""

    def admitted(self, endpoint: str) -> AbstractContextManager[None]:
        """Wait until a call to `endpoint` may go; the block is the call. Raises `NotNow`."""


class Unlimited:
    """A limiter that admits everything, for a stand-in without limits."""

    def admitted(self, _endpoint: str) -> AbstractContextManager[None]:
        """Admit the call at once."""
        return nullcontext()


class Gateway(Protocol):
    """Each method is one call (reads of lines and events: one per page) and raises `GatewayError`.

    Writes take a `key` that makes them safe to repeat for at least 24 hours.
    """

    def create_customer(self, draft: CustomerDraft, *, key: str) -> RemoteCustomer:
        """Create the customer of an organization."""

    def find_customer(self, draft: CustomerDraft) -> RemoteCustomer | None:
        """Return the customer that was made from such a draft, if there is one."""

    def update_customer(
        self,
        customer_id: str,
        name: str,
        email: str,
        *,
        key: str,
        address: Mapping[str, str] | None = None,
        tax_exempt: str | None = None,
    ) -> RemoteCustomer:
        """Set name, e-mail and what else is given of a customer; `Missing` for a deleted one."""

    def balance_moves(self, customer_id: str) -> RemoteBalance:
        """Read what moved a customer's balance, the newest hundred; one call."""

    def customer(self, customer_id: str) -> RemoteCustomer:
        """Read a customer; of a deleted one nothing else is left to read."""

    def create_mark(self, installation: str, name: str, *, key: str) -> RemoteMark:
        """Create the object that bears the ledger's mark, with its first one."""

    def write_mark(
        self, stripe_id: str, name: str, gone: Collection[str], *, at: datetime, key: str
    ) -> RemoteMark:
        """Add a mark and take those away; raises `Missing` where the object was deleted."""

    def mark(self, stripe_id: str) -> RemoteMark:
        """Read the object that bears the ledger's mark."""

    def tax_location(self, customer_id: str) -> str:
        """Return what Stripe says of where a customer is taxed; empty where it says nothing."""

    def create_invoice(self, draft: InvoiceDraft, *, key: str) -> RemoteInvoice:
        """Create an empty draft that Stripe finalizes by itself at `finalizes_at`, if set."""

    def find_invoice(self, draft: InvoiceDraft) -> RemoteInvoice | None:
        """Return the draft at Stripe that was made from such a draft, if there is one."""

    def add_lines(
        self, invoice_id: str, lines: Sequence[LineContent], *, run: str, key: str
    ) -> RemoteInvoice:
        """Add up to `LINES_PER_CALL` lines."""

    def update_lines(
        self, invoice_id: str, lines: Sequence[tuple[str, LineContent]], *, run: str, key: str
    ) -> RemoteInvoice:
        """Set lines, given by Stripe's line id, to the content beside it."""

    def remove_lines(
        self, invoice_id: str, line_ids: Sequence[str], *, run: str, key: str
    ) -> RemoteInvoice:
        """Delete lines for good."""

    def schedule_finalization(
        self, invoice_id: str, at: datetime | None, *, key: str
    ) -> RemoteInvoice:
        """Let Stripe finalize the draft by itself at `at`; None holds it."""

    def claim(self, invoice_id: str, invoice: str, installation: str, *, key: str) -> RemoteInvoice:
        """Hold a draft that a subscription made, and mark it as an invoice of ours."""

    def give_back(
        self, invoice_id: str, at: datetime | None, *, status: str, key: str
    ) -> RemoteInvoice:
        """Let an invoice that a subscription made be no invoice of ours.

        By its `status` Stripe finalizes a draft at `at`, or not without it, or collects an open one
        again.
        """

    def set_terms(self, invoice_id: str, wanted: DraftTerms, *, key: str) -> RemoteInvoice:
        """Set how the draft is collected, and what it says of its days."""

    def set_automatic_tax(self, invoice_id: str, *, is_on: bool, key: str) -> RemoteInvoice:
        """Have Stripe work tax out for the draft, or not."""

    def finalize(self, invoice_id: str, *, key: str) -> RemoteInvoice:
        """Finalize the draft and let Stripe collect it."""

    def subscription(self, subscription_id: str) -> RemoteSubscription:
        """Read a subscription, also one that was canceled; raises `Missing`."""

    def subscriptions_of(self, customer_id: str) -> list[RemoteSubscription]:
        """Read the subscriptions of a customer that did not end, the newest hundred."""

    def invoices_of_subscription(self, subscription_id: str) -> list[RemoteInvoice]:
        """Read the newest hundred invoices of a subscription."""

    def void_invoice(self, invoice_id: str, *, key: str) -> RemoteInvoice:
        """Void an issued invoice that has no payment; it cannot be undone."""

    def delete_draft(self, invoice_id: str) -> None:
        """Delete a draft; raises `Missing` when it is gone already."""

    def invoice(self, invoice_id: str) -> RemoteInvoice:
        """Read an invoice with its payments; raises `Missing` for one that was deleted."""

    def payments_by(self, paid_by: str) -> list[RemotePayment]:
        """Read the payments of invoices that a payment intent made, of whatever invoice."""

    def dispute(self, dispute_id: str) -> RemoteCorrection:
        """Read a dispute."""

    def create_credit_note(self, draft: NoteDraft, *, key: str) -> RemoteCorrection:
        """Create a credit note on an issued invoice."""

    def void_credit_note(self, note_id: str, *, key: str) -> RemoteCorrection:
        """Void a credit note of an open invoice."""

    def preview_credit_note(self, draft: NoteDraft) -> NotePreview:
        """Return what a credit note would do, or raise as its creation would; changes nothing."""

    def credit_notes(self, invoice_id: str) -> list[RemoteCorrection]:
        """Read the credit notes of an invoice, newest first."""

    def create_refund(self, draft: RefundDraft, *, key: str) -> RemoteCorrection:
        """Give money of a payment back to what paid it."""

    def refunds(self, paid_by: str) -> list[RemoteCorrection]:
        """Read the refunds of a payment intent or a charge, newest first."""

    def lines(self, invoice_id: str) -> list[RemoteLine]:
        """Read every line, a hundred a call."""

    def pending_items(self, customer_id: str) -> list[RemoteLine]:
        """Read the customer's items that are on no invoice, by their own ids."""

    def delete_item(self, item_id: str) -> None:
        """Delete an item; raises `Missing` when it is gone already."""

    def portal_url(self, customer_id: str, *, return_url: str) -> str:
        """Return a short-lived address of Stripe's portal; never store or log it."""

    def endpoints(self) -> RemoteEndpoints:
        """Read where events are delivered to; a restricted key needs a right for it."""

    def events_since(
        self, since: datetime, types: Sequence[str], *, until: datetime | None = None
    ) -> Iterator[RemoteEvent | Unreadable]:
        """Yield the events of `types` created from `since` to `until`, in no certain order."""

    def event(self, event_id: str) -> RemoteEvent | Unreadable:
        """Read one event; raises `Missing` for one that is older than thirty days."""

    def events_page(
        self, types: Sequence[str], since: datetime, until: datetime, *, after: str | None
    ) -> RemotePage[RemoteEvent | Unreadable]:
        """Read one page of events of up to twenty types, the newest first."""

    def invoices_page(
        self, installation: str, status: str, *, after: str | None
    ) -> RemotePage[RemoteInvoice]:
        """Read one page of invoices of a status; only those that the installation made."""

    def customers_page(self, installation: str, *, after: str | None) -> RemotePage[RemoteCustomer]:
        """Read one page of customers; only those that the installation made."""

    def verify_event(self, raw: bytes, signature: str) -> RemoteEvent | Unreadable:
        """Return what a webhook carries; raises `BadSignature`, and `NotAnEvent` for no text."""

    def invoice_of(self, event: RemoteEvent) -> RemoteInvoice:
        """Return the invoice an `invoice.*` event carries, as it was at that moment."""

    def customer_of(self, event: RemoteEvent) -> RemoteCustomer:
        """Return the customer a `customer.*` event carries."""

    def subscription_of(self, event: RemoteEvent) -> RemoteSubscription:
        """Return the subscription a `customer.subscription.*` event carries."""

    def card_of(self, event: RemoteEvent) -> RemoteCard:
        """Return the payment method a `payment_method.*` event carries."""

    def payment_of(self, event: RemoteEvent) -> RemotePayment:
        """Return the payment an `invoice_payment.*` event carries."""

    def decline_of(self, event: RemoteEvent) -> RemoteDecline:
        """Return the failed attempt that a `payment_intent.payment_failed` event carries."""

    def correction_of(self, event: RemoteEvent) -> RemoteCorrection:
        """Return the credit note, refund or dispute that an event carries."""

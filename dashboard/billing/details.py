"""What is kept of an invoice that was issued, as Stripe last told it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from dashboard.billing.corrections import keep_payments
from dashboard.billing.locks import lock_invoice
from dashboard.billing.models import Invoice
from dashboard.gateway.protocol import Gateway
from dashboard.gateway.records import RemoteInvoice


def details(remote: RemoteInvoice) -> dict[str, Any]:
    """Return the columns that tell two states of one status apart.

    The links are none of them: Stripe may give others at each reading.
    """
    # Stripe leaves these standing on a void invoice, of which nothing is owed any more.
    is_void = remote.status == "void"
    return {
        "number": remote.number,
        "stripe_total_cents": remote.total_cents,
        "amount_due_cents": 0 if is_void else remote.amount_due_cents,
        "amount_remaining_cents": 0 if is_void else remote.amount_remaining_cents,
        "amount_paid_cents": remote.amount_paid_cents,
        "overpaid_cents": remote.overpaid_cents,
        "pre_payment_credit_notes_cents": remote.pre_payment_credit_notes_cents,
        "post_payment_credit_notes_cents": remote.post_payment_credit_notes_cents,
        "due_at": None if is_void else remote.due_at,
        "attempt_count": remote.attempt_count,
        "next_payment_attempt_at": remote.next_payment_attempt_at,
        "starting_balance_cents": remote.starting_balance_cents,
        "ending_balance_cents": remote.ending_balance_cents,
    }


def keep_details(invoice: Invoice, remote: RemoteInvoice, *, now: datetime) -> None:
    """Make the invoice say what `remote` does."""
    for name, value in details(remote).items():
        setattr(invoice, name, value)
    keep_links(invoice, remote, now=now)
    keep_payments(invoice, remote.payments)
    invoice.tax_cents = remote.tax_cents
    invoice.taxes = list(remote.taxes)
    invoice.billed_to = remote.billed_to
    # Only a reading tells it, where it was asked for.
    if remote.paid_off_stripe_cents is not None:
        invoice.paid_off_stripe_cents = remote.paid_off_stripe_cents


# Stripe's links end thirty days after the due date, but are good for ten days after being told.
LINKS_KEEP = timedelta(days=9)


def keep_links(invoice: Invoice, remote: RemoteInvoice, *, now: datetime) -> None:
    """Keep the addresses of the hosted page and the PDF, and as of when they were told."""
    invoice.hosted_invoice_url = remote.hosted_invoice_url
    invoice.invoice_pdf_url = remote.invoice_pdf_url
    invoice.links_told_at = remote.as_of or now


def renew_links(
    invoice: Invoice, *, gateway: Gateway, checkpoint: Callable[[], None], now: datetime
) -> None:
    """Read the links anew; no row is locked while Stripe answers. Raises `GatewayError`."""
    stripe_id, invoice_id = str(invoice.stripe_invoice_id), invoice.id
    checkpoint()
    found = gateway.invoice(stripe_id)
    keep_links(lock_invoice(invoice_id), found, now=now)


def links_are_fresh(invoice: Invoice, *, now: datetime) -> bool:
    """Whether the links surely lead somewhere still."""
    return invoice.links_told_at is not None and now - invoice.links_told_at < LINKS_KEEP

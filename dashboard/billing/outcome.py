"""What became of an invoice at Stripe: recorded forward only, by rank, whoever tells it."""

from __future__ import annotations

from datetime import datetime

from dashboard.billing.models import FINALIZED, Invoice
from dashboard.gateway.records import RemoteInvoice

# Paid and void are both final; between the two whatever came first stands.
RANK = {"draft": 0, "open": 1, "uncollectible": 2, "paid": 3, "void": 3}


def record_remote(invoice: Invoice, remote: RemoteInvoice, *, now: datetime) -> bool:
    """Take over what Stripe says of `invoice`; return whether its status moved.

    Facts older than what is known (events come in any order) change nothing. An invoice that the
    ledger still holds open is not moved here: that is a reconciliation, not a report.
    """
    if RANK[remote.status] < RANK.get(invoice.stripe_status or "draft", 0):
        return False
    invoice.stripe_status = remote.status
    invoice.stripe_total_cents = remote.total_cents
    invoice.automatically_finalizes_at = remote.automatically_finalizes_at
    if remote.status == "draft":
        return False
    invoice.number = remote.number
    invoice.hosted_invoice_url = remote.hosted_invoice_url
    invoice.invoice_pdf_url = remote.invoice_pdf_url
    # Stripe leaves both standing on a void invoice, of which nothing is owed any more.
    is_void = remote.status == "void"
    invoice.amount_due_cents = 0 if is_void else remote.amount_due_cents
    invoice.due_at = None if is_void else remote.due_at
    invoice.amount_paid_cents = remote.amount_paid_cents
    return _move(invoice, remote, now)


def _move(invoice: Invoice, remote: RemoteInvoice, now: datetime) -> bool:
    before = invoice.status
    if before not in ("sealed", *FINALIZED) or before == remote.status or before == "void":
        return False
    if before == "paid" or RANK[remote.status] < RANK.get(before, 0):
        return False
    invoice.status = remote.status
    invoice.finalized_at = invoice.finalized_at or remote.finalized_at or now
    if remote.status == "paid":
        invoice.paid_at = remote.paid_at or now
        invoice.payment_failure = None
    elif remote.status == "void":
        invoice.voided_at = remote.voided_at or now
    elif remote.status == "uncollectible":
        invoice.uncollectible_at = remote.uncollectible_at or now
    return True


def settle_without_stripe(invoice: Invoice, *, now: datetime) -> None:
    """End a sealed invoice that bills nothing and that Stripe was never told of."""
    invoice.status = "paid"
    invoice.finalized_at = now
    invoice.paid_at = now
    invoice.amount_due_cents = 0
    invoice.amount_paid_cents = 0


def park(invoice: Invoice, code: str, reason: str, *, now: datetime) -> None:
    """Hold `invoice` back for a person: nothing is sent or finalized until somebody decides."""
    if invoice.parked_code != code:
        invoice.parked_at = now
    invoice.parked_code = code
    invoice.parked_reason = reason


def unpark(invoice: Invoice) -> None:
    """Let `invoice` go on: somebody asked for another try."""
    invoice.parked_at = None
    invoice.parked_code = None
    invoice.parked_reason = None

"""What Stripe did to an invoice, told to the ledger as a reply or an event would tell it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dashboard.billing.models import Invoice
from dashboard.billing.outcome import record_remote
from dashboard.gateway.parsing import parse_invoice
from dashboard.gateway.records import RemoteInvoice


def remote(invoice: Invoice, status: str, **facts: Any) -> RemoteInvoice:
    """Return the invoice at Stripe, in that state."""
    data = {
        "id": invoice.stripe_invoice_id or f"in_{invoice.id}",
        "status": status,
        "customer": "cus_1",
        "currency": invoice.currency,
        "total": invoice.total_cents,
        "amount_due": invoice.total_cents,
        "amount_remaining": 0 if status in ("paid", "void") else invoice.total_cents,
        "pre_payment_credit_notes_amount": 0,
        "post_payment_credit_notes_amount": 0,
        "attempt_count": 0,
        "amount_paid": invoice.total_cents if status == "paid" else 0,
        "number": f"F-{invoice.sequence:04d}",
    }
    return parse_invoice(data | facts)


def tell(invoice: Invoice, status: str, now: datetime, **facts: Any) -> bool:
    """Record that the invoice is in that state at Stripe now."""
    return record_remote(invoice, remote(invoice, status, **facts), now=now) == "moved"

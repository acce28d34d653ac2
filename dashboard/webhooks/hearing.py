"""Take over what an event tells of an invoice, reading it where its order cannot be told."""

from __future__ import annotations

from dataclasses import replace

from dashboard.billing.corrections import has_unknown_payment
from dashboard.billing.models import FINALIZED, Invoice
from dashboard.billing.outcome import Heard, record_remote
from dashboard.gateway.records import RemoteInvoice
from dashboard.webhooks.delivery import Delivery


def hear(invoice: Invoice, remote: RemoteInvoice, delivery: Delivery) -> Heard:
    """Take over an event about `invoice`, whose row is locked."""
    heard = record_remote(invoice, remote, now=delivery.now)
    return read_again(invoice, delivery) if heard == "unsure" else heard


def look_for_payments(invoice: Invoice, delivery: Delivery) -> None:
    """Ask for what was paid by other means than Stripe, where the events leave that open."""
    if invoice.status in FINALIZED and has_unknown_payment(invoice):
        read_again(invoice, delivery)


def read_again(invoice: Invoice, delivery: Delivery) -> Heard:
    """Take over the invoice as Stripe shows it now."""
    stripe_id = str(invoice.stripe_invoice_id)
    found: RemoteInvoice = delivery.reading(
        ("invoice", stripe_id, invoice.stripe_told_at, invoice.stripe_told_by),
        lambda gateway: gateway.invoice(stripe_id),
    )
    # It was read after the event: whatever is older than that has been told with it.
    happened = delivery.event.created_at
    as_of = happened if found.as_of is None else max(found.as_of, happened)
    return record_remote(invoice, replace(found, as_of=as_of), now=delivery.now, is_last=True)

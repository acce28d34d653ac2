"""Take over what an event tells of an invoice, reading it where its order cannot be told."""

from __future__ import annotations

from dataclasses import replace

from dashboard.billing.corrections import has_unknown_payment
from dashboard.billing.difference import settle_difference
from dashboard.billing.models import FINALIZED, Invoice
from dashboard.billing.outcome import Heard, record_remote
from dashboard.gateway.records import RemoteInvoice
from dashboard.webhooks.delivery import Delivery


def hear(invoice: Invoice, remote: RemoteInvoice, delivery: Delivery) -> Heard:
    """Take over an event about `invoice`, whose row is locked."""
    was_held = invoice.parked_code
    heard = record_remote(invoice, remote, now=delivery.now)
    if heard == "unsure":
        return read_again(invoice, delivery)
    _hold_again(invoice, was_held, delivery)
    return heard


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
    was_held = invoice.parked_code
    read = replace(found, as_of=as_of)
    heard = record_remote(invoice, read, now=delivery.now, is_last=True)
    _hold_again(invoice, was_held, delivery)
    return heard


def _hold_again(invoice: Invoice, was_held: str | None, delivery: Delivery) -> None:
    """Hold it for a difference that another hold, now over, had taken the place of."""
    if was_held is not None and invoice.parked_code is None:
        settle_difference(invoice, now=delivery.now)

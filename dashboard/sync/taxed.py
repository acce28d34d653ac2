"""A bill with automatic tax at its end: credits beyond its charges wait, and no tax is missing."""

from __future__ import annotations

from sqlalchemy import select

from dashboard.audit.actor import SYSTEM
from dashboard.audit.write import write_entry
from dashboard.billing.carry import carry_over
from dashboard.billing.locks import lock_open, read_held
from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.extensions import db
from dashboard.gateway.errors import GatewayError
from dashboard.sync.draft_work import DraftWork
from dashboard.sync.lease import extend
from dashboard.sync.snapshot import Snapshot, take_snapshot

TAX_DIFFERS = "tax_differs"
NO_TAX_LOCATION = "no_tax_location"
COMPLETE, NO_LOCATION = "complete", "requires_location_inputs"
NOT_TAXED = (
    "Automatic tax was switched off on Stripe's draft of this bill. Nothing was billed. Sync the "
    "invoice to switch it on again."
)

NOT_LOCATED = (
    "Stripe cannot tell from the customer's address which tax applies. Nothing was billed. "
    "Correct the address, then sync the invoice."
)


def carry_credits(work: DraftWork) -> Snapshot | None:
    """Carry what no line of a sealed, taxed bill had room for to the current one.

    Return what is left of it; None for a bill without tax. Safe to repeat: an item is carried once.
    """
    invoice = work.invoice
    if not invoice.automatic_tax:
        return None
    work.checkpoint()
    # Invoices in their order, before the lease.
    read_held(invoice)
    lock_open({invoice.organization_id}, after=invoice.id)
    extend(work.lease, now=work.clock())
    snapshot = take_snapshot(invoice)
    if snapshot.credits_left:
        _carry(invoice, snapshot, work)
    return snapshot


def _carry(invoice: Invoice, snapshot: Snapshot, work: DraftWork) -> None:
    now, before = work.clock(), invoice.total_cents
    query = select(InvoiceItem.key, InvoiceItem.amount_cents).where(
        InvoiceItem.invoice_id == invoice.id
    )
    billed = {row.key: int(row.amount_cents) for row in db.session.execute(query)}
    for key, cents in snapshot.credits_left:
        billed[key] -= cents
    cents = carry_over(invoice, billed, now=now)
    if invoice.total_cents != before:
        facts = {"cents": -cents}
        write_entry("invoice.credits_carried", invoice, SYSTEM, facts, now=now)


class TaxNotReady(GatewayError):
    """Stripe has not worked the tax out yet, or failed to: it is tried again."""

    code = "tax_not_ready"


def wait_for_tax(invoice: Invoice) -> None:
    """Have the run tried again where only time helps; raises `TaxNotReady`.

    An address from which no tax can be told waits for a person instead.
    """
    if not invoice.automatic_tax or not invoice.stripe_automatic_tax:
        return
    if invoice.stripe_tax_status not in (COMPLETE, NO_LOCATION):
        said = "could not work out" if invoice.stripe_tax_status == "failed" else "is working out"
        raise TaxNotReady(
            f"Stripe {said} the tax of this bill. Nothing was billed. It is tried again."
        )

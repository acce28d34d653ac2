"""Somebody used "Edit invoice" at Stripe: the invoice is void, and a revision asks for its money.

The revision is adopted as the bill of our invoice, which so is neither void nor billed again.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from dashboard.audit.actor import STRIPE
from dashboard.audit.write import write_entry
from dashboard.billing.difference import REVISED
from dashboard.billing.models import FINALIZED, Invoice
from dashboard.billing.outcome import put_on_hold
from dashboard.gateway.protocol import Gateway
from dashboard.gateway.records import RemoteInvoice
from dashboard.pricing.exact import major_text

# Nobody edits one bill this often; a circle at Stripe must not keep a worker for ever.
MOST_REVISIONS = 20


def latest(gateway: Gateway, remote: RemoteInvoice) -> RemoteInvoice:
    """Return the last revision of an invoice, itself when nobody edited it; a call for each."""
    for _ in range(MOST_REVISIONS):
        if remote.status != "void" or remote.latest_revision is None:
            return remote
        remote = gateway.invoice(remote.latest_revision)
    return remote


def adopt(invoice: Invoice, revision: RemoteInvoice, *, now: datetime) -> bool:
    """Make `revision` the Stripe side of `invoice`, whose row must be locked.

    Returns False when it is that already, or is not for our customer. The caller records its state.
    A total that is not the ledger's parks the invoice: somebody changed what is asked for.
    `invoice` keeps the id and the number of what was replaced.
    """
    before = invoice.stripe_invoice_id
    if before in (None, revision.id) or invoice.status == "void":
        return False
    if revision.customer_id != invoice.organization.stripe_customer_id:
        put_on_hold(
            invoice,
            "replaced_by_stranger",
            f"Stripe replaced {invoice.called} by {revision.id}, which belongs to another "
            "customer. Nothing is billed again here. Compare the two at Stripe.",
            now=now,
        )
        return False
    facts = {
        "stripe_id": revision.id,
        "replaced": before,
        "replaced_number": invoice.number,
        "asks_cents": revision.total_cents,
        "ledger_cents": invoice.total_cents,
    }
    write_entry("invoice.replaced_at_stripe", invoice, STRIPE, facts, now=now)
    invoice.replaced_stripe_id, invoice.replaced_number = before, invoice.number
    invoice.stripe_invoice_id = revision.id
    # What was known of the old one says nothing of this one.
    invoice.stripe_status = invoice.stripe_told_at = invoice.stripe_told_by = None
    invoice.payment_failure = invoice.payment_failed_at = invoice.decline = None
    invoice.action_required_at = None
    is_final = invoice.status in FINALIZED and revision.status != "void"
    if is_final and revision.total_cents != invoice.total_cents:
        asked, ours = (
            major_text(Decimal(cents), invoice.currency)
            for cents in (revision.total_cents, invoice.total_cents)
        )
        put_on_hold(
            invoice,
            REVISED,
            f"An edit at Stripe replaced {invoice.called} by {revision.number}, which bills "
            f"{asked}. The ledger says {ours}. Decide whether the difference is corrected.",
            now=now,
        )
    return True

"""Something Stripe should have is not there: find out what, and forget exactly that."""

from __future__ import annotations

from dashboard.audit.actor import STRIPE
from dashboard.audit.write import write_entry as record_audit
from dashboard.billing.locks import lock_row
from dashboard.gateway.errors import Missing, NotEditable
from dashboard.sync.effects import forget_draft
from dashboard.sync.lease import extend
from dashboard.sync.work import Work


def resolve_missing(work: Work, error: Missing) -> None:
    """Forget the deleted draft or customer so that the next round makes it anew.

    A missing line is no cause to forget the draft: the lines are read and compared instead.
    """
    invoice = work.invoice
    if invoice.stripe_invoice_id is None:
        used = invoice.organization.stripe_customer_id
        if used is None:
            raise error
        forget_customer(work, used)
    else:
        try:
            found = work.gateway.invoice(invoice.stripe_invoice_id)
        except Missing:
            extend(work.lease, now=work.clock())
            _note(work, "invoice.deleted_at_stripe", invoice.stripe_invoice_id)
            forget_draft(invoice)
        else:
            if found.status != "draft":
                raise NotEditable("Stripe's invoice is no longer a draft.") from error
    work.checkpoint()


def forget_customer(work: Work, stripe_id: str) -> None:
    """Forget a customer that was deleted at Stripe; the next draft has a new one made."""
    organization = work.invoice.organization
    lock_row(organization)
    if organization.stripe_customer_id == stripe_id:
        _note(work, "customer.deleted_at_stripe", stripe_id)
        organization.stripe_customer_id = None
        organization.customer_lost_at = work.clock()
        organization.agreed_customer = organization.customer_at_stripe = None


def _note(work: Work, action: str, stripe_id: str) -> None:
    record_audit(
        action,
        work.invoice,
        STRIPE,
        {"stripe_id": stripe_id},
        now=work.clock(),
    )

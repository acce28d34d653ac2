"""What Stripe is told beside the lines: who the customer is, and how the draft is collected.

A call is made only where this differs from what Stripe last confirmed.
"""

from __future__ import annotations

from dashboard.gateway.errors import Missing
from dashboard.sync.calls import perform
from dashboard.sync.missing import forget_customer
from dashboard.sync.work import Work


def tell_details(work: Work) -> None:
    """Bring the customer and the draft to what the organization's details say now."""
    tell_customer(work)
    tell_terms(work)


def tell_customer(work: Work) -> None:
    """Set name and e-mail of a customer that has others; one that is gone is made anew."""
    organization = work.invoice.organization
    customer_id = organization.stripe_customer_id
    if customer_id is None or organization.agreed_customer == organization.customer:
        return
    try:
        perform(work, "update_customer", {"customer_id": customer_id, **organization.customer})
    except Missing:
        forget_customer(work, customer_id)


def tell_terms(work: Work) -> None:
    """Set how the current draft is collected; an invoice of an ended cycle keeps its terms."""
    invoice = work.invoice
    if invoice.stripe_invoice_id is None or invoice.status != "draft":
        return
    if invoice.agreed_terms != invoice.organization.terms:
        body = {"invoice_id": invoice.stripe_invoice_id, **invoice.organization.terms}
        perform(work, "set_terms", body)

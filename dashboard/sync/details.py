"""What Stripe is told beside the lines: who the customer is, and how the draft is collected.

A call is made only where this differs from what Stripe last confirmed.
"""

from __future__ import annotations

from dashboard.gateway.errors import Missing
from dashboard.sync.calls import perform
from dashboard.sync.draft_work import DraftWork
from dashboard.sync.effects import forget_customer
from dashboard.sync.stripe_calls.customers import UpdateCustomer
from dashboard.sync.stripe_calls.drafts import SetTerms
from dashboard.sync.work import Work


def tell_details(work: DraftWork) -> None:
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
        perform(work, UpdateCustomer(customer_id, organization.name, organization.email.lower()))
    except Missing:
        forget_customer(work, customer_id)


def tell_terms(work: DraftWork) -> None:
    """Set how the current draft is collected; an invoice of an ended cycle keeps its terms."""
    invoice = work.invoice
    if invoice.stripe_invoice_id is None or invoice.status != "draft":
        return
    if invoice.agreed_terms != invoice.organization.terms:
        wanted = invoice.organization
        method, days = wanted.collection_method, wanted.days_until_due
        perform(work, SetTerms(invoice.stripe_invoice_id, method, days))

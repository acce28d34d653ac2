"""What Stripe is told beside the lines: who the customer is, and how the draft is collected.

A call is made only where this differs from what Stripe last confirmed.
"""

from __future__ import annotations

from typing import Any

from dashboard.billing.models import Invoice
from dashboard.gateway.errors import Missing
from dashboard.sync.calls import perform
from dashboard.sync.draft_work import DraftWork
from dashboard.sync.effects import forget_customer
from dashboard.sync.snapshot import Snapshot
from dashboard.sync.stripe_calls.customers import UpdateCustomer
from dashboard.sync.stripe_calls.drafts import SetTax, SetTerms
from dashboard.sync.stripe_draft import days_of_bill, schedule_for_end, zone_of_days
from dashboard.sync.work import Work


def tell_details(work: DraftWork) -> None:
    """Bring the customer and the draft to what the organization's details say now."""
    tell_customer(work)
    tell_terms(work)
    stop_tax(work)


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
    """Set how the draft is collected and which days it names, where either has changed.

    An invoice of an ended cycle keeps how it is collected; its days may have ended early.
    """
    invoice = work.invoice
    agreed = invoice.agreed_terms or {}
    is_current = invoice.status == "draft"
    if invoice.stripe_invoice_id is None or not (is_current or agreed):
        return
    terms: dict[str, Any] = invoice.organization.terms
    if not is_current:
        terms = {name: agreed[name] for name in terms}
    told = agreed.get("description")
    # Another calendar is for the cycles to come.
    days = days_of_bill(invoice, zone_of_days(told)) if told else None
    if told != days or any(agreed.get(name) != value for name, value in terms.items()):
        perform(work, SetTerms(invoice.stripe_invoice_id, description=days, **terms))
    if told != days and is_current:
        schedule_for_end(work)


def stop_tax(work: DraftWork) -> None:
    """Have Stripe work out no tax where we asked for it and none is wanted any longer.

    That comes before the lines, of which one may be below zero again. What a person switched on at
    Stripe stays.
    """
    invoice = work.invoice
    is_due = invoice.agreed_tax and not invoice.automatic_tax and is_draft(invoice)
    if invoice.stripe_invoice_id is not None and is_due:
        perform(work, SetTax(invoice.stripe_invoice_id, is_on=False))


def start_tax(work: DraftWork, snapshot: Snapshot) -> None:
    """Have Stripe work tax out once no line is below zero."""
    invoice = work.invoice
    if snapshot.starts_tax and invoice.stripe_invoice_id is not None and is_draft(invoice):
        perform(work, SetTax(invoice.stripe_invoice_id, is_on=True))


def is_draft(invoice: Invoice) -> bool:
    """Whether it can still be told anything at Stripe."""
    return invoice.stripe_status in (None, "draft")

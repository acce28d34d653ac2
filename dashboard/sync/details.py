"""What Stripe is told beside the lines: who the customer is, and how the draft is collected.

A call is made only where this differs from what Stripe last confirmed.
"""

from __future__ import annotations

from typing import Any

from dashboard.billing.models import Invoice
from dashboard.billing.policy import current_policy
from dashboard.billing.subscription import on_theirs
from dashboard.gateway.errors import GatewayError, Missing, NotEditable
from dashboard.sync.calls import perform
from dashboard.sync.draft_work import DraftWork
from dashboard.sync.effects import forget_customer, record_invoice
from dashboard.sync.snapshot import Snapshot, stops_tax
from dashboard.sync.stripe_calls.customers import UpdateCustomer
from dashboard.sync.stripe_calls.drafts import SetTax, SetTerms
from dashboard.sync.stripe_draft import days_of_bill, schedule_for_end, zone_of_days
from dashboard.sync.work import Work


class NoTaxProduct(GatewayError):
    """The product as which lines are taxed is not set: they would be taxed as anything."""

    code = "no_tax_product"


def tell_details(work: DraftWork) -> None:
    """Bring the customer and the draft to what the organization's details say now.

    Raises `NoTaxProduct` where a bill is to be taxed and nothing says as what.
    """
    if work.invoice.automatic_tax and not current_policy().stripe_tax_product:
        raise NoTaxProduct(
            "This bill is to have tax, and STRIPE_TAX_PRODUCT is not set. Nothing was sent. Set it "
            "and restart; the sync is tried again."
        )
    tell_customer(work)
    tell_terms(work)


def tell_customer(work: Work) -> None:
    """Set the details of a customer that has others; one that is gone is made again.

    What a person changed there is not written over before one of ours has decided on it.
    """
    organization = work.invoice.organization
    customer_id = organization.stripe_customer_id
    if customer_id is None or organization.agreed_customer == organization.customer:
        return
    if organization.customer_at_stripe is not None:
        return
    try:
        perform(work, UpdateCustomer(customer_id, **organization.customer))
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
    if on_theirs(invoice):
        # How a subscription's invoice is collected, and what it says, is the subscription's.
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


def see_tax(work: DraftWork) -> None:
    """Ask Stripe whether it works tax out for a draft that is to be taxed: no line tells of it.

    A final run asks at its end. Raises `NotEditable` when Stripe acted first.
    """
    invoice = work.invoice
    if not invoice.automatic_tax or invoice.stripe_invoice_id is None or not is_draft(invoice):
        return
    if work.run.trigger == "final":
        return
    work.checkpoint()
    found = work.gateway.invoice(invoice.stripe_invoice_id)
    if found.status != "draft":
        raise NotEditable("Stripe's invoice is no longer a draft.")
    record_invoice(work, found)


def stop_tax(work: DraftWork) -> None:
    """Have Stripe work out no tax where we asked for it and none is wanted any longer.

    That comes before the lines, of which one may be below zero again. What a person switched on at
    Stripe stays.
    """
    invoice = work.invoice
    if stops_tax(invoice):
        perform(work, SetTax(str(invoice.stripe_invoice_id), is_on=False))


def start_tax(work: DraftWork, snapshot: Snapshot) -> None:
    """Have Stripe work tax out once no line is below zero."""
    invoice = work.invoice
    if snapshot.starts_tax and invoice.stripe_invoice_id is not None and is_draft(invoice):
        product = current_policy().stripe_tax_product
        perform(work, SetTax(invoice.stripe_invoice_id, is_on=True, product=product))


def is_draft(invoice: Invoice) -> bool:
    """Whether it can still be told anything at Stripe."""
    return invoice.stripe_status in (None, "draft")

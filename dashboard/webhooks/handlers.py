"""The events this product depends on, and who handles each: the one table of them.

What is subscribed to at Stripe (README.md and docs/operating.md name it, a test compares), what a
back-fill asks for, and what is ended where it is stored all come from here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dashboard.bounds import DELIVERIES_PATH
from dashboard.webhooks import after_issue, customer_details, customers, invoices, subscriptions
from dashboard.webhooks.delivery import Delivery, Handled

# Where Stripe delivers them.
ADDRESS = DELIVERIES_PATH
UNNEEDED = "Nothing here depends on this kind of event."

HANDLERS: Mapping[str, Callable[[Delivery], Handled]] = {
    "invoice.created": invoices.invoice_created,
    "invoice.updated": invoices.invoice_updated,
    "invoice.deleted": invoices.invoice_deleted,
    "invoice.finalized": invoices.finalized_or_later,
    "invoice.finalization_failed": invoices.finalization_failed,
    "invoice.paid": invoices.finalized_or_later,
    "invoice.payment_failed": invoices.finalized_or_later,
    "invoice.payment_action_required": invoices.finalized_or_later,
    "invoice.voided": invoices.finalized_or_later,
    "invoice.marked_uncollectible": invoices.finalized_or_later,
    "invoice.overpaid": invoices.finalized_or_later,
    "invoice_payment.paid": after_issue.payment_told,
    "payment_intent.payment_failed": after_issue.decline_told,
    "credit_note.created": after_issue.credit_note_told,
    "credit_note.updated": after_issue.credit_note_told,
    "credit_note.voided": after_issue.credit_note_told,
    "refund.created": after_issue.money_back_told,
    "refund.updated": after_issue.money_back_told,
    "refund.failed": after_issue.money_back_told,
    "charge.dispute.created": after_issue.money_back_told,
    "charge.dispute.updated": after_issue.money_back_told,
    "charge.dispute.closed": after_issue.money_back_told,
    "charge.dispute.funds_withdrawn": after_issue.money_back_told,
    "charge.dispute.funds_reinstated": after_issue.money_back_told,
    "customer.updated": customer_details.customer_updated,
    "customer.deleted": customers.customer_deleted,
    "customer.subscription.updated": subscriptions.subscription_told,
    "customer.subscription.deleted": subscriptions.subscription_told,
    "customer.subscription.paused": subscriptions.subscription_told,
    "customer.subscription.resumed": subscriptions.subscription_told,
    "payment_method.attached": customers.payment_method_known,
    "payment_method.updated": customers.payment_method_known,
    "payment_method.automatically_updated": customers.payment_method_known,
    "payment_method.detached": customers.payment_method_detached,
}


def handle(delivery: Delivery) -> Handled:
    """Let the handler of the event's type do its work."""
    handler = HANDLERS.get(delivery.type)
    if handler is None:
        return Handled(UNNEEDED, ignored=True)
    return handler(delivery)

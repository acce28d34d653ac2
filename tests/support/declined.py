"""Invoices whose payment was declined."""

from datetime import datetime, timedelta

from dashboard.billing.close import seal_now
from dashboard.billing.models import Invoice
from dashboard.billing.outcome import note_decline, note_failure
from dashboard.clock import utc_now
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.people import bill_of


def issue(acme: Organization, cents: int, **facts: object) -> Invoice:
    """Issue the current invoice, of which so much is to be paid; return it."""
    with transaction():
        invoice = bill_of(acme)
        seal_now(invoice, now=invoice.period_end)
        invoice.status, invoice.finalized_at = "open", utc_now() - timedelta(hours=1)
        invoice.amount_due_cents = invoice.amount_remaining_cents = cents
        invoice.number, invoice.stripe_invoice_id = f"ACME-{cents}", f"in_{cents}"
        invoice.ending_balance_cents = 0
        invoice.hosted_invoice_url = f"https://invoice.stripe.com/i/{cents}"
        for name, value in facts.items():
            setattr(invoice, name, value)
    return invoice


def decline(invoice: Invoice, *, at: datetime, next_at: datetime | None = None) -> None:
    """Have its payment declined, as two events tell it."""
    with transaction():
        note_failure(invoice, 1, "The payment was declined.", at=at)
        note_decline(invoice, "insufficient_funds", at=at)
        invoice.next_payment_attempt_at = next_at

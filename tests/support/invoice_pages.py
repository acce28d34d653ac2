"""Invoices as their pages show them, issued or sealed."""

from datetime import timedelta

from dashboard.billing.close import seal_now
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from tests.people import bill_of

ADDRESS = "/organizations/acme/invoices"


def seal(acme: Organization) -> Invoice:
    """Return Acme's first invoice, sealed."""
    invoice = bill_of(acme)
    seal_now(invoice, now=utc_now())
    db.session.flush()
    return invoice


def issue(invoice: Invoice) -> Invoice:
    """Make a sealed invoice open at Stripe and due yesterday."""
    invoice.status = "open"
    invoice.number = "ACME-0001"
    invoice.finalized_at = utc_now()
    invoice.due_at = utc_now() - timedelta(days=1)
    invoice.amount_due_cents = invoice.total_cents
    invoice.hosted_invoice_url = "https://invoice.stripe.com/i/1"
    invoice.invoice_pdf_url = "https://pay.stripe.com/invoice/1/pdf"
    return invoice

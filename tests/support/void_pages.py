"""Void invoices on pages."""

from dashboard.billing.close import seal_now
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.people import bill_of
from tests.support.stripe_acts import tell


def issued_and_void(acme: Organization, **facts: int) -> Invoice:
    """Return Acme's first invoice, which Stripe told to be open and then void, with `facts`."""
    with transaction():
        invoice = bill_of(acme)
        seal_now(invoice, now=utc_now())
        invoice.stripe_invoice_id = "in_1"
        for status in ("open", "void"):
            tell(invoice, status, utc_now(), **facts)
    return invoice

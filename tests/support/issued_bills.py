"""Acme's first invoice, open at Stripe, for the pages of what follows it."""

import pytest

from dashboard.billing.close import seal_now
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.people import bill_of
from tests.support.stripe_acts import tell

ADDRESS = "/organizations/acme/invoices/1"


def issue_first(acme: Organization) -> Invoice:
    """Issue its first invoice."""
    with transaction():
        invoice = bill_of(acme)
        seal_now(invoice, now=utc_now())
        invoice.stripe_invoice_id = "in_1"
        tell(invoice, "open", utc_now())
    return invoice


@pytest.fixture
def issued(acme: Organization) -> Invoice:
    """Acme's first invoice, open at Stripe."""
    return issue_first(acme)

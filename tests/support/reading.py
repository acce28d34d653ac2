"""What the billing page reads, without the page."""

from datetime import datetime

from dashboard.billing.models import Invoice
from dashboard.reading.bill import LiveBill, live_bill
from dashboard.reading.opening import Opened, open_bill
from dashboard.reading.tag import tag_of_draft
from tests.factories import UserFactory
from tests.support.sessions import key_of


def opened_by_support(invoice: Invoice) -> Opened:
    """Return what a support agent's page of the invoice's organization opens with."""
    agent = UserFactory(role="support")
    return open_bill(key_of(agent), invoice.organization.slug)


def bill_on_page(invoice: Invoice, *, now: datetime) -> LiveBill:
    """Return what the page shows of the organization's current invoice."""
    opened = opened_by_support(invoice)
    assert opened.organization is not None
    assert opened.draft is not None
    assert opened.draft.invoice.id == invoice.id
    return live_bill(opened.organization, opened.draft, for_staff=True, now=now)


def tag_on_page(invoice: Invoice, *, now: datetime) -> str:
    """Return the name of the state that the page would ask to be told changes of."""
    opened = opened_by_support(invoice)
    assert opened.organization is not None
    assert opened.draft is not None
    return tag_of_draft(opened.organization, opened.draft, now=now)

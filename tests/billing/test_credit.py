"""What becomes of an invoice below zero."""

import pytest

from dashboard.billing.close import seal_now
from dashboard.billing.credit import credit_before
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.transaction import transaction
from tests.support.billing import make_bill, put


def issue(invoice: Invoice, *, due_cents: int) -> Invoice:
    """Issue an invoice as Stripe would, and return the one after it."""
    with transaction():
        following = seal_now(invoice, now=invoice.period_end)
        invoice.status = "open" if due_cents else "paid"
        invoice.finalized_at = utc_now()
        invoice.amount_due_cents = due_cents
    return following


@pytest.fixture
def credited(db: object) -> Invoice:
    """An issued invoice of minus 40 dollars."""
    bill = make_bill()
    put(bill, a=-4000)
    issue(bill, due_cents=0)
    return bill


@pytest.fixture
def current(credited: Invoice) -> Invoice:
    """The invoice after the credit."""
    return seal_now(credited, now=utc_now())


def test_the_next_invoice_knows_of_the_credit_before_it(
    credited: Invoice, current: Invoice
) -> None:
    assert credit_before(current) is credited


def test_a_credit_that_covered_an_invoice_may_have_something_left(
    credited: Invoice, current: Invoice
) -> None:
    put(current, b=1000)
    assert credit_before(issue(current, due_cents=0)) is credited


def test_a_credit_is_used_up_once_something_was_due(credited: Invoice, current: Invoice) -> None:
    put(current, b=5000)
    assert credit_before(issue(current, due_cents=1000)) is None


def test_an_ordinary_invoice_leaves_no_credit(db: object) -> None:
    bill = make_bill()
    put(bill, a=4000)
    assert credit_before(issue(bill, due_cents=4000)) is None

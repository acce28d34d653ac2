"""What is said of an invoice whose payment failed: whether it is tried again, and when."""

from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.transaction import transaction
from tests.pages import page, text_of
from tests.support.invoice_pages import ADDRESS


def declined(invoice: Invoice, next_at: datetime | None) -> None:
    """Have the payment of an open invoice fail, and be tried again then."""
    with transaction():
        invoice.due_at, invoice.payment_failure = None, "Declined (1 attempt so far)"
        invoice.next_payment_attempt_at = next_at


def test_a_failed_payment_says_when_it_is_tried_again(
    customer: FlaskClient, finalized: Invoice
) -> None:
    declined(finalized, datetime(2999, 1, 2, 3, 4, tzinfo=UTC))
    words = text_of(page(customer.get(f"{ADDRESS}/1")))
    assert "Stripe tries again on 2 Jan 2999, 03:04 UTC" in words
    assert "Charged automatically" not in words


@pytest.mark.parametrize("next_at", [None, datetime(2026, 1, 1, tzinfo=UTC)])
def test_one_that_is_not_tried_again_does_not_say_so(
    customer: FlaskClient, finalized: Invoice, next_at: datetime | None
) -> None:
    declined(finalized, next_at)
    words = text_of(page(customer.get(f"{ADDRESS}/1")))
    assert "Stripe has not announced another attempt" in words
    assert "tries again" not in words
    assert "Charged automatically" not in words


def test_an_invoice_of_a_deleted_customer_is_not_said_to_be_tried_again(
    customer: FlaskClient, finalized: Invoice
) -> None:
    declined(finalized, datetime(2999, 1, 2, 3, 4, tzinfo=UTC))
    with transaction():
        finalized.organization.customer_lost_at = utc_now()
    words = text_of(page(customer.get(f"{ADDRESS}/1")))
    assert "It is not tried again automatically. Pay it on its own page" in words
    assert "tries again" not in words

"""The ways to an invoice's own pages at Stripe do not end."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.gateway.errors import OutcomeUnknown
from dashboard.gateway.parsing import parse_invoice
from dashboard.gateway.records import RemoteInvoice
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.pages import page, text_of
from tests.support.invoice_pages import ADDRESS, issue, seal

SHOWN: dict[str, Any] = {
    "id": "in_1", "status": "open", "customer": "cus_1", "currency": "usd", "total": 1,
    "amount_due": 1, "amount_remaining": 1, "amount_paid": 0, "attempt_count": 0,
    "pre_payment_credit_notes_amount": 0, "post_payment_credit_notes_amount": 0,
    "hosted_invoice_url": "https://invoice.stripe.com/i/2",
    "invoice_pdf": "https://pay.stripe.com/invoice/2/pdf",
}  # fmt: skip


class Links:
    """A gateway that tells an invoice's links anew, or cannot."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.reads = 0

    def invoice(self, _invoice_id: str) -> RemoteInvoice:
        """Return the invoice with new links."""
        self.reads += 1
        if self.error:
            raise self.error
        return replace(parse_invoice(SHOWN), as_of=utc_now())


@pytest.fixture
def open_invoice(acme: Organization) -> Invoice:
    """Acme's first invoice, open at Stripe."""
    with transaction():
        invoice = issue(seal(acme))
        invoice.stripe_invoice_id = "in_1"
    return invoice


def told(invoice: Invoice, days_ago: int) -> None:
    """Have the links been told so long ago."""
    with transaction():
        invoice.links_told_at = utc_now() - timedelta(days=days_ago)


def stand_in(app: Flask, monkeypatch: pytest.MonkeyPatch, gateway: Links) -> Links:
    """Let pages ask this gateway."""
    monkeypatch.setitem(app.extensions, "page_gateway", gateway)
    return gateway


def test_a_link_that_was_told_lately_is_followed_without_asking(
    app: Flask, customer: FlaskClient, open_invoice: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(open_invoice, days_ago=8)
    gateway = stand_in(app, monkeypatch, Links())
    answer = customer.get(f"{ADDRESS}/1/hosted-page")
    assert (answer.location, gateway.reads) == ("https://invoice.stripe.com/i/1", 0)


@pytest.mark.parametrize("way", ["hosted-page", "pdf"])
def test_a_link_that_may_have_ended_is_read_again(
    app: Flask,
    customer: FlaskClient,
    open_invoice: Invoice,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
) -> None:
    told(open_invoice, days_ago=40)
    gateway = stand_in(app, monkeypatch, Links())
    fresh = {"hosted-page": "hosted_invoice_url", "pdf": "invoice_pdf"}[way]
    for _ in range(2):
        assert customer.get(f"{ADDRESS}/1/{way}").location == SHOWN[fresh]
    assert gateway.reads == 1


def test_while_stripe_is_away_the_reader_is_told(
    app: Flask, customer: FlaskClient, open_invoice: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(open_invoice, days_ago=40)
    stand_in(app, monkeypatch, Links(OutcomeUnknown("No reply came.")))
    answer = customer.get(f"{ADDRESS}/1/hosted-page")
    assert answer.location.endswith(f"{ADDRESS}/1")
    assert "Stripe is not answering" in text_of(page(customer.get(f"{ADDRESS}/1")))


def test_an_invoice_without_a_page_at_stripe_says_so(
    customer: FlaskClient, acme: Organization
) -> None:
    with transaction():
        seal(acme)
    assert customer.get(f"{ADDRESS}/1/pdf").location.endswith(f"{ADDRESS}/1")
    assert "has no page for this invoice yet" in text_of(page(customer.get(f"{ADDRESS}/1")))

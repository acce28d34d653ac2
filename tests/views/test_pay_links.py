"""The button to pay in a mail leads to the invoice's page at Stripe, whenever it is pressed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.gateway.errors import Missing, OutcomeUnknown
from dashboard.gateway.records import RemoteInvoice
from dashboard.links import signing_keys
from dashboard.mail.opt_out import OptOut, opt_out_token
from dashboard.mail.pay_link import pay_token
from dashboard.transaction import transaction
from tests.pages import page, text_of
from tests.support.issued_bills import issued
from tests.support.stripe_acts import remote, tell

__all__ = ["issued"]
OLD, NEW = "https://invoice.stripe.com/i/old", "https://invoice.stripe.com/i/new"


class Stripe:
    """Tells an invoice's links anew, or does not answer."""

    def __init__(self, invoice: Invoice) -> None:
        self.found = replace(remote(invoice, "open", hosted_invoice_url=NEW), as_of=utc_now())
        self.error: Exception | None = None
        self.reads = 0

    def invoice(self, _invoice_id: str) -> RemoteInvoice:
        self.reads += 1
        if self.error:
            raise self.error
        return self.found


@pytest.fixture
def stripe(app: Flask, issued: Invoice, monkeypatch: pytest.MonkeyPatch) -> Stripe:
    gateway = Stripe(issued)
    monkeypatch.setitem(app.extensions, "page_gateway", gateway)
    return gateway


def told(invoice: Invoice, days_ago: int, url: str | None = OLD) -> None:
    """Have the link been told so long ago."""
    with transaction():
        invoice.hosted_invoice_url = url
        invoice.links_told_at = utc_now() - timedelta(days=days_ago)


def secret_of(app: Flask, invoice: Invoice) -> str:
    with app.app_context():
        return pay_token(invoice.id, signing_keys())


def test_one_that_is_fresh_leads_there_at_once_without_signing_in(
    app: Flask, client: FlaskClient, issued: Invoice, stripe: Stripe
) -> None:
    told(issued, days_ago=1)
    answer = client.get(f"/pay?secret={secret_of(app, issued)}")
    assert (answer.status_code, answer.location, stripe.reads) == (303, OLD, 0)


def test_one_that_may_have_ended_is_read_again_once(
    app: Flask, client: FlaskClient, issued: Invoice, stripe: Stripe
) -> None:
    told(issued, days_ago=40)
    for _ in range(2):
        answer = client.get(f"/pay?secret={secret_of(app, issued)}")
        assert (answer.status_code, answer.location) == (303, NEW)
    assert stripe.reads == 1


def test_while_stripe_does_not_answer_it_says_so(
    app: Flask, client: FlaskClient, issued: Invoice, stripe: Stripe
) -> None:
    told(issued, days_ago=40)
    stripe.error = OutcomeUnknown("No answer.")
    answer = client.get(f"/pay?secret={secret_of(app, issued)}")
    assert answer.status_code == 503
    assert "Stripe is not answering." in text_of(page(answer, 503))


@pytest.mark.parametrize("status", ["paid", "void"])
def test_of_what_is_settled_nothing_is_paid_again(
    app: Flask, client: FlaskClient, issued: Invoice, stripe: Stripe, status: str
) -> None:
    told(issued, days_ago=1)
    with transaction():
        tell(issued, status, utc_now())
    said = text_of(page(client.get(f"/pay?secret={secret_of(app, issued)}")))
    assert "Invoice F-0001" in said
    assert "Nothing is left to pay." in said
    assert stripe.reads == 0


@pytest.mark.parametrize("url", [None, "javascript:alert(1)"])
def test_what_is_no_page_is_not_followed(
    app: Flask, client: FlaskClient, issued: Invoice, stripe: Stripe, url: str | None
) -> None:
    told(issued, days_ago=1, url=url)
    answer = client.get(f"/pay?secret={secret_of(app, issued)}")
    assert "Stripe has no page for it." in text_of(page(answer))


def test_what_we_did_not_sign_leads_nowhere(
    app: Flask, client: FlaskClient, issued: Invoice, stripe: Stripe
) -> None:
    with app.app_context():
        keys = signing_keys()
    other = opt_out_token(OptOut(1, "a@example.com", "receipt"), keys)
    for secret in ("", "x", f"{secret_of(app, issued)}x", other, pay_token(10**9, keys)):
        assert client.get("/pay", query_string={"secret": secret}).status_code == 404
    assert stripe.reads == 0


def test_of_what_stripe_no_longer_has_the_page_is_gone(
    app: Flask, client: FlaskClient, issued: Invoice, stripe: Stripe
) -> None:
    told(issued, days_ago=90)
    stripe.error = Missing("No such invoice: in_1")
    answer = client.get(f"/pay?secret={secret_of(app, issued)}")
    assert answer.status_code == 410
    assert "is gone" in text_of(page(answer, 410))
    assert "Try again" not in text_of(page(answer, 410))

"""The way to Stripe's own pages."""

import socket
import time
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from dashboard.app import page_gateway
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.gateway.errors import OutcomeUnknown
from dashboard.organizations.models import Organization
from dashboard.sync.models import SyncRun
from dashboard.transaction import transaction
from tests.pages import page, post, text_of
from tests.support.invoice_pages import issue, seal

ADDRESS = "/organizations/acme/portal-sessions"


class Portal:
    """A gateway that opens the portal, or cannot."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    def portal_url(self, customer_id: str, **_rest: Any) -> str:
        """Return the address for the customer."""
        if self.error:
            raise self.error
        return f"https://billing.stripe.com/p/{customer_id}"


@pytest.fixture
def known(acme: Organization) -> None:
    """Acme is known to Stripe."""
    with transaction():
        acme.stripe_customer_id = "cus_1"


@pytest.mark.usefixtures("known")
def test_the_reader_is_sent_to_stripe_and_the_bill_follows(
    app: Flask, customer: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "page_gateway", Portal())
    answer = post(customer, ADDRESS)
    assert answer.location == "https://billing.stripe.com/p/cus_1"
    assert db.session.scalars(select(SyncRun)).one().trigger == "portal"


@pytest.mark.usefixtures("known")
def test_when_stripe_is_away_the_reader_stays_and_is_told(
    app: Flask, customer: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "page_gateway", Portal(OutcomeUnknown("No reply came.")))
    answer = post(customer, ADDRESS)
    assert answer.location.endswith("/organizations/acme")
    assert "Stripe is not answering" in text_of(page(customer.get("/organizations/acme")))


def test_an_organization_stripe_does_not_know_yet_is_introduced_first(
    customer: FlaskClient,
) -> None:
    post(customer, ADDRESS)
    assert db.session.scalars(select(SyncRun)).one().trigger == "portal"
    assert "Try again in a few seconds" in text_of(page(customer.get("/organizations/acme")))


@pytest.mark.usefixtures("known")
def test_a_stripe_that_hangs_holds_the_reader_for_seconds_only(
    app: Flask, customer: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        base = f"http://127.0.0.1:{silent.getsockname()[1]}"
        silenced = app.extensions["config"].model_copy(update={"stripe_api_base": base})
        monkeypatch.setattr("dashboard.app.PAGE_CALL_SECONDS", 0.3)
        hasty = page_gateway(silenced, app.extensions["redis"])
        monkeypatch.setitem(app.extensions, "page_gateway", hasty)
        began = time.monotonic()
        post(customer, ADDRESS)
    assert time.monotonic() - began < 5
    words = text_of(page(customer.get("/organizations/acme")))
    assert "the latest charges go to Stripe automatically" in words


def test_an_open_invoice_of_a_deleted_customer_is_led_to_its_own_page(
    app: Flask, customer: FlaskClient, acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction():
        issue(seal(acme))
        acme.stripe_customer_id = "cus_2"
        acme.customer_lost_at = utc_now()
    monkeypatch.setitem(app.extensions, "page_gateway", Portal())
    answer = post(customer, ADDRESS)
    assert answer.location.endswith("/organizations/acme/invoices/1")
    words = text_of(page(customer.get("/organizations/acme/invoices/1")))
    assert "portal does not show this invoice" in words
    assert "Pay the invoice at Stripe" in words
    assert "Pay it on its own page" in text_of(page(customer.get("/organizations/acme")))
    anyway = post(customer, ADDRESS, anyway="yes")
    assert anyway.location == "https://billing.stripe.com/p/cus_2"

"""Pages on which support refunds Acme's first invoice, and what Stripe says of its payment."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from dashboard.billing.corrections import keep_payments
from dashboard.billing.models import Invoice
from dashboard.billing.refund_models import Refund
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.gateway.records import RemoteCorrection, RemotePayment
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.pages import page, post, text_of
from tests.support.issued_bills import ADDRESS, issue_first
from tests.support.stripe_acts import tell


class Stripe:
    """Says what was refunded of the payment, or nothing."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.known: list[RemoteCorrection] = []
        self.asked: list[str] = []

    def refunds(self, paid_by: str) -> list[RemoteCorrection]:
        self.asked.append(paid_by)
        if self.error is not None:
            raise self.error
        return self.known


@pytest.fixture
def stripe(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Stripe:
    gateway = Stripe()
    monkeypatch.setitem(app.extensions, "page_gateway", gateway)
    return gateway


def pay_first(acme: Organization) -> Invoice:
    """Issue its first invoice, and have a card pay it."""
    invoice = issue_first(acme)
    with transaction():
        tell(invoice, "paid", utc_now())
        payment = RemotePayment("inpay_pi_1", "in_1", "paid", "pi_1", False, invoice.total_cents)
        keep_payments(invoice, [payment])
    return invoice


@pytest.fixture
def paid(acme: Organization) -> Invoice:
    return pay_first(acme)


def fields_of(support: FlaskClient, **fields: str) -> dict[str, str]:
    """Return the form as its page carries it, filled in."""
    soup = page(support.get(f"{ADDRESS}/refunds/new"))
    key = str(soup.select_one("[name=key]")["value"])
    payment = soup.select_one("[name=payment][checked]")
    filled = {"key": key, "purpose": "goodwill", "reason": "Ticket 4711"}
    return filled | ({"payment": str(payment["value"])} if payment else {}) | fields


def send(support: FlaskClient, fields: dict[str, str]):
    return post(support, f"{ADDRESS}/refunds", **fields)


def confirmed(support: FlaskClient, fields: dict[str, str]) -> dict[str, str]:
    """Return the form as its preview carries it."""
    answer = send(support, fields)
    assert answer.status_code == 200, text_of(answer)
    return fields | {"confirmed": str(page(answer).select_one("[name=confirmed]")["value"])}


def refunds() -> list[Refund]:
    db.session.expire_all()
    return list(db.session.scalars(select(Refund).order_by(Refund.id)))

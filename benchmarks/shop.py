"""Organizations to measure with, made by the product's own verbs, and a reader who may see them."""

import re
from datetime import datetime, timedelta
from decimal import Decimal

from flask import Flask
from flask.testing import FlaskClient

from dashboard.accounts.passwords import hash_password
from dashboard.clock import utc_now
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from dashboard.usage.reported import ReportedRecord
from tests.factories import (
    MeteredPriceFactory,
    PriceFactory,
    UserFactory,
    make_organization,
    make_service,
)
from tests.people import browser_of
from tests.support.usage import record_batch

EMAIL, PASSWORD = "bench@example.com", "a password for benchmarks"
TOKEN = re.compile(rb'name="csrf_token"[^>]*value="([^"]+)"')


def organization_with_items(slug: str, *, services: int, meters: int) -> Organization:
    """Return an organization whose current invoice has `services` + `meters` items."""
    now = utc_now()
    names = [f"{slug}-{number}" for number in range(meters)]
    metered = [MeteredPriceFactory(meter=name) for name in names]
    fees = [PriceFactory() for _ in range(services)]
    with transaction():
        organization = make_organization(slug, anchor=now - timedelta(days=10), now=now)
        for price in (*fees, *metered):
            make_service(organization, price, now=now)
        record_batch([entry(slug, name, now) for name in names], now=now)
    return organization


def entry(slug: str, meter: str, at: datetime) -> ReportedRecord:
    """Return some usage of `meter` at that instant."""
    return ReportedRecord(slug, meter, f"{meter}-1", Decimal(1234), at)


def signed_in(app: Flask, role: str = "support") -> FlaskClient:
    """Return a browser in which somebody of ours is signed in, through the form."""
    with transaction():
        UserFactory(email=EMAIL, role=role, password_hash=hash_password(PASSWORD))
    # Each request in a context of its own, as in production.
    client = browser_of(app)
    found = TOKEN.search(client.get("/session/new").data)
    assert found, "the sign-in page has no token"
    form = {"email": EMAIL, "password": PASSWORD, "csrf_token": found[1].decode()}
    answer = client.post("/session", data=form)
    assert answer.status_code == 303, answer.status
    # The first page gives the session its token, and every browser keeps that.
    client.get("/organizations")
    return client

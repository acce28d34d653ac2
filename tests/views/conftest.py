"""Two organizations with bills, and the people who look at them."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from redis import Redis

from dashboard.billing.models import Invoice
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.people import People, browser_of, make_bill, make_people, signed_in
from tests.support.invoice_pages import issue, seal


@pytest.fixture
def client(app: Flask, db: SQLAlchemy, redis: Redis) -> FlaskClient:
    """A browser without JavaScript, with nobody signed in."""
    return browser_of(app)


@pytest.fixture
def acme(db: SQLAlchemy, redis: Redis) -> Organization:
    """The organization most tests look at."""
    return make_bill("acme", name="Acme Freight")


@pytest.fixture
def people(acme: Organization) -> People:
    """A customer of Acme, a customer of somebody else, support and admin."""
    return make_people(acme, make_bill("other", name="Other Labs"))


@pytest.fixture
def customer(app: Flask, people: People) -> FlaskClient:
    """The browser of Acme's customer."""
    return signed_in(app, people.customer)


@pytest.fixture
def support(app: Flask, people: People) -> FlaskClient:
    """The browser of a support agent."""
    return signed_in(app, people.support)


@pytest.fixture
def admin(app: Flask, people: People) -> FlaskClient:
    """The browser of a billing engineer."""
    return signed_in(app, people.admin)


@pytest.fixture
def limit_of_200(app: Flask) -> Iterator[None]:
    """Let a second person approve what is above 200.00 of any currency."""
    config = app.extensions["config"]
    app.extensions["config"] = config.model_copy(update={"approve_above": "200"})
    yield
    app.extensions["config"] = config


@pytest.fixture
def finalized(acme: Organization) -> Invoice:
    """Acme's first invoice, open at Stripe and due yesterday."""
    with transaction():
        return issue(seal(acme))

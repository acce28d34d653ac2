"""The people who use the product, signed in without the cost of a password."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cache
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, insert
from werkzeug.test import TestResponse

from dashboard.accounts.passwords import hash_password
from dashboard.accounts.session_models import UserSession
from dashboard.billing.adjust import add_adjustment
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.money import Money
from dashboard.organizations.models import Organization
from dashboard.services.detach import detach_service
from dashboard.transaction import transaction
from dashboard.usage.reported import ReportedRecord
from dashboard.views.cookies import HELD_AS
from tests.factories import (
    SUPPORT,
    MembershipFactory,
    MeteredPriceFactory,
    PriceFactory,
    UserFactory,
    make_organization,
    make_service,
)
from tests.support.usage import record_batch

PASSWORD = "correct horse battery"


@cache
def password_hash() -> str:
    """Return the hash of `PASSWORD`, made once: hashing is slow on purpose."""
    return hash_password(PASSWORD)


@dataclass(frozen=True)
class People:
    """One of each kind; `stranger` is a customer of another organization."""

    customer: int
    stranger: int
    support: int
    admin: int


def make_people(acme: Organization, other: Organization) -> People:
    """Return the four, committed; each can sign in with `PASSWORD`."""
    password = {"password_hash": password_hash()}
    with transaction():
        customer = UserFactory(email="customer@example.com", name="Carla", **password)
        stranger = UserFactory(email="stranger@example.com", name="Stefan", **password)
        support = UserFactory(email="support@example.com", name="Sam", role="support", **password)
        admin = UserFactory(email="admin@example.com", name="Ada", role="admin", **password)
        MembershipFactory(user=customer, organization_id=acme.id)
        MembershipFactory(user=stranger, organization_id=other.id)
    return People(customer.id, stranger.id, support.id, admin.id)


def make_member(organization: Organization, role: str, **facts: object) -> int:
    """Return a member of an organization, committed; they can sign in with `PASSWORD`."""
    told = {"email": f"{role}@example.com", "name": role.capitalize()} | facts
    with transaction():
        user = UserFactory(**({"password_hash": password_hash()} | told))
        MembershipFactory(user=user, organization_id=organization.id, role=role)
    return int(user.id)


class Browser(FlaskClient):
    """A client whose requests do not share Flask's `g` with the test around them."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send a request, in an application context of its own as in production."""
        with self.application.app_context():
            return super().open(*args, **kwargs)


def browser_of(app: Flask) -> Browser:
    """Return a browser with nobody signed in."""
    return Browser(app, app.response_class, use_cookies=True)


def signed_in(app: Flask, user_id: int, **facts: object) -> Browser:
    """Return a browser in which the user, who is committed, has a session."""
    client = browser_of(app)
    with app.app_context(), db.engine.begin() as connection:
        secret = make_session(connection, user_id, **facts)
    with client.session_transaction() as session:
        session[HELD_AS] = secret
    return client


def make_session(connection: Connection, user_id: int, **facts: object) -> str:
    """Add a session of the user, begun now unless told; return its secret."""
    secret, now = token_urlsafe(), facts.pop("now", None) or utc_now()
    row = {
        "user_id": user_id,
        "secret_hash": sha256(secret.encode()).hexdigest(),
        "method": "password",
        "device": "Firefox on Linux",
        "created_at": now,
        "last_seen_at": now,
        "proved_at": now,
    }
    connection.execute(insert(UserSession).values(row | facts))
    return secret


def make_bill(slug: str, *, fees: int = 1, **properties: object) -> Organization:
    """Return an organization whose cycle began ten days ago, with fees, usage and a credit."""
    now = utc_now()
    began = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=10)
    with transaction():
        organization = make_organization(slug, anchor=began, now=began, **properties)
        fee = PriceFactory(code=f"{slug}-fee", version__unit_amount=Decimal(3000))
        meter = f"{slug}-requests"
        usage = MeteredPriceFactory(code=f"{slug}-usage", meter=meter)
        for number in range(fees):
            label, at = f"db-{number}", began + timedelta(days=1)
            make_service(organization, fee, now=now, label=label, external_id=label, at=at)
        make_service(organization, usage, now=now, at=began)
        record_batch([ReportedRecord(slug, meter, "first", Decimal(1200), now)], now=now)
        add_adjustment(
            current_invoice(organization),
            Money(-500, "usd"),
            reason="Outage",
            description="Goodwill credit",
            actor=SUPPORT,
            now=now,
            key="credit",
        )
    return organization


def take_usage_off(organization: Organization) -> None:
    """Report usage of a further service, and then that it ended before that."""
    now = utc_now()
    meter = f"{organization.slug}-storage"
    with transaction():
        storage = MeteredPriceFactory(code=meter, name="Storage", meter=meter, unit_label="GB")
        began = now - timedelta(days=5)
        service = make_service(organization, storage, now=now, at=began, label="archive-2")
        for hours in (3, 9):
            at = now - timedelta(hours=hours)
            entry = ReportedRecord(organization.slug, meter, f"archive-2:{hours}", Decimal(40), at)
            record_batch([entry], now=now)
        detach_service(service, at=now - timedelta(days=1), now=now, actor=SUPPORT)


def bill_of(organization: Organization) -> Invoice:
    """Return the organization's current invoice."""
    return current_invoice(organization)

"""A bill as it was at a moment, as customers and staff look at it."""

from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from dashboard.billing.adjust import add_adjustment
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.installation import this_installation
from dashboard.money import Money
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.factories import SUPPORT
from tests.pages import page, text_of
from tests.people import bill_of

THEN = "/organizations/acme/invoices/1/then"


@pytest.fixture
def charged(acme: Organization) -> datetime:
    """An hour ago; since then 7.00 were charged, and history is kept for long."""
    now = utc_now()
    past = {"past": now - timedelta(days=90)}
    with transaction():
        this_installation().history_since = now - timedelta(days=90)
        db.session.execute(text("update invoices set created_at = :past"), past)
        changed = {"at": now - timedelta(hours=3)}
        moved = text("update invoice_items set changed_at = :at, updated_at = :at")
        db.session.execute(text("alter table invoice_items disable trigger all"))
        db.session.execute(moved, changed)
        db.session.execute(text("alter table invoice_items enable trigger all"))
    with transaction():
        add_adjustment(
            bill_of(acme), Money(700, "usd"), reason="Setup", description="Setup", actor=SUPPORT,
            now=now - timedelta(minutes=5), key="setup",
        )  # fmt: skip
    return now - timedelta(hours=1)


def at(instant: datetime) -> str:
    """Return an instant as a form has it."""
    return f"{instant:%Y-%m-%dT%H:%M}"


def test_it_shows_what_was_there_then_and_what_came_since(
    customer: FlaskClient, charged: datetime
) -> None:
    shown = page(customer.get(f"{THEN}?at={at(charged)}"))
    [setup] = [text_of(row) for row in shown.select("tbody tr") if "Setup" in text_of(row)]
    assert "Not there" in setup
    assert "+$7.00" in setup
    total = text_of(shown.select("tfoot tr")[0])
    assert "+$7.00" in total


def test_the_earlier_of_two_moments_comes_first(customer: FlaskClient, charged: datetime) -> None:
    later = utc_now() - timedelta(minutes=2)
    shown = page(customer.get(f"{THEN}?at={at(later)}&against={at(charged)}"))
    assert "+$7.00" in text_of(shown.select("tfoot tr")[0])


def test_customers_are_not_told_of_syncs(
    customer: FlaskClient, support: FlaskClient, charged: datetime
) -> None:
    address = f"{THEN}?at={at(charged)}"
    assert "At Stripe" not in customer.get(address).text
    assert "Nothing was sent yet" in support.get(address).text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("at=yesterday", "is not a time"),
        ("at=1999-01-01T00:00", "is known from"),
        ("at=2999-01-01T00:00", "until now"),
    ],
)
def test_what_cannot_be_shown_is_said(
    customer: FlaskClient, charged: datetime, query: str, said: str
) -> None:
    answer = customer.get(f"{THEN}?{query}")
    assert answer.status_code == 422
    assert said in answer.text


def test_without_a_time_it_asks_for_one(customer: FlaskClient, charged: datetime) -> None:
    assert "Choose a time" in customer.get(THEN).text

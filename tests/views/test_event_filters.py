"""Finding events in the inbox: whose they are, when they came, and those that tell nothing."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from redis import Redis

from dashboard.extensions import db as database
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from dashboard.webhooks.echoes import ECHO
from dashboard.webhooks.models import WebhookEvent
from tests.pages import page, text_of
from tests.people import bill_of, make_bill

ADDRESS = "/webhook-events"
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def arrived(name: str, kind: str = "invoice.paid", **told: Any) -> WebhookEvent:
    """Store an event that is done."""
    facts = {"state": "processed", "received_at": NOON, "about": told.get("object_id")} | told
    event = WebhookEvent(
        stripe_event_id=f"evt_{name}", type=kind, payload={}, created_at=NOON, **facts
    )
    database.session.add(event)
    database.session.flush()
    return event


@pytest.fixture
def globex(db: SQLAlchemy, redis: Redis) -> Organization:
    """Another organization."""
    return make_bill("globex")


@pytest.fixture
def known(db: SQLAlchemy, acme: Organization, globex: Organization) -> None:
    """Two organizations that Stripe knows."""
    with transaction():
        acme.stripe_customer_id, bill_of(acme).stripe_invoice_id = "cus_acme", "in_acme"
        globex.stripe_customer_id = "cus_globex"


def test_an_event_leads_to_its_organization_and_invoice(
    support: FlaskClient, known: None, acme: Organization
) -> None:
    with transaction():
        event = arrived("one", object_id="in_acme")
    for address in (ADDRESS, f"{ADDRESS}/{event.id}"):
        found = page(support.get(address))
        assert found.select_one(f'main a[href="/organizations/{acme.slug}"]'), address
        assert found.select_one(f'main a[href="/organizations/{acme.slug}/invoices/1"]'), address


def test_an_event_of_a_customer_leads_to_the_organization_alone(
    support: FlaskClient, known: None, globex: Organization
) -> None:
    with transaction():
        arrived("two", "customer.updated", object_id="cus_globex")
    assert globex.name in text_of(page(support.get(ADDRESS)).select_one("table"))


def test_events_are_narrowed_to_one_organization(
    support: FlaskClient, known: None, acme: Organization
) -> None:
    with transaction():
        arrived("hers", object_id="in_acme")
        arrived("too", "customer.updated", object_id="cus_acme")
        arrived("other", "customer.deleted", object_id="cus_globex")
    words = text_of(page(support.get(f"{ADDRESS}?organization={acme.slug}")).select_one("main"))
    assert "invoice.paid" in words
    assert "customer.updated" in words
    assert "customer.deleted" not in words


def test_events_are_narrowed_to_days_of_their_arrival(support: FlaskClient, known: None) -> None:
    with transaction():
        for day, clock in ((9, 23), (10, 0), (10, 23), (11, 0)):
            at = NOON.replace(day=day, hour=clock, minute=30)
            arrived(f"of_{day}_{clock}", f"of.{day}.{clock}", received_at=at)
    words = text_of(page(support.get(f"{ADDRESS}?first=2026-03-10&last=2026-03-10")))
    of = ("of.9.23", "of.10.0", "of.10.23", "of.11.0")
    assert [one for one in of if one in words] == ["of.10.0", "of.10.23"]


def test_a_day_that_is_none_is_said_and_left_out(support: FlaskClient, known: None) -> None:
    with transaction():
        arrived("one")
    words = text_of(page(support.get(f"{ADDRESS}?first=yesterday")))
    assert "is not a day" in words
    assert "invoice.paid" in words


def test_echoes_are_counted_and_shown_only_where_they_are_asked_for(
    support: FlaskClient, known: None
) -> None:
    with transaction():
        arrived("first", "invoice.paid")
        for number in range(3):
            arrived(f"echo_{number}", "invoice.updated", state="ignored", result=ECHO)
        arrived("last", "invoice.voided")
    found = page(support.get(ADDRESS))
    assert "invoice.updated" not in text_of(found.select_one("table"))
    assert "3 echoes of our own calls are hidden" in text_of(found)
    shown = page(support.get(f"{ADDRESS}?echoes=y"))
    assert text_of(shown.select_one("table")).count("invoice.updated") == 3
    assert "are hidden" not in text_of(shown)


def test_a_search_keeps_the_state_and_a_tab_keeps_the_search(
    support: FlaskClient, known: None
) -> None:
    found = page(support.get(f"{ADDRESS}?state=dead&q=invoice.&organization=acme"))
    dead = found.select_one('ul.tabs a[aria-current="page"]')
    assert dead is not None
    assert "q=invoice." in dead["href"]
    assert "organization=acme" in dead["href"]
    kept = found.select_one('form.filters input[name="state"]')
    assert kept is not None
    assert kept["value"] == "dead"

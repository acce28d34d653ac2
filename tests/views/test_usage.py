"""The usage of a cycle: every number on the page is of the same span."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from dashboard.billing.roll import roll_early
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.organizations.models import Organization
from dashboard.pricing.models import Price
from dashboard.services.detach import detach_service
from dashboard.services.models import Service
from dashboard.transaction import transaction
from dashboard.usage.record import record_batch as accept_batch
from dashboard.usage.reported import ReportedRecord
from tests.factories import SUPPORT, PriceVersionFactory
from tests.pages import page, text_of
from tests.people import bill_of
from tests.support.usage import record_batch

ADDRESS = "/organizations/acme/usage"


@pytest.fixture
def rolled(acme: Organization) -> Organization:
    """Acme after an early roll: 1,200 requests on its first invoice, 300 on the current one."""
    with transaction():
        roll_early(acme, reason="Contract ends", actor=SUPPORT, now=utc_now())
    with transaction():
        now = utc_now()
        record_batch([ReportedRecord("acme", "acme-requests", "more", Decimal(300), now)], now=now)
    return acme


def test_the_page_shows_each_metered_price(customer: FlaskClient) -> None:
    soup = page(customer.get(ADDRESS))
    assert "1,200 requests" in text_of(soup)
    assert soup.select("svg.spark rect")


def test_a_version_that_began_inside_the_cycle_says_since_when(
    customer: FlaskClient, acme: Organization
) -> None:
    with transaction():
        price = database.session.scalars(select(Price).where(Price.meter == "acme-requests")).one()
        began = utc_now() - timedelta(days=1)
        PriceVersionFactory(price=price, effective_at=began, unit_amount=Decimal(7))
        database.session.expire_all()
        entry = ReportedRecord("acme", "acme-requests", "more", Decimal(300), utc_now())
        record_batch([entry], now=utc_now())
    before, after = page(customer.get(ADDRESS)).select("#usage tbody tr")
    assert "in force since" not in text_of(before)
    assert "At the price in force since" in text_of(after)
    assert text_of(after).endswith("300 requests $21.00")
    explained = text_of(page(customer.get(after.select_one("a")["href"])))
    assert "300 requests used, after 1,200 under earlier versions of the price" in explained
    assert "For the whole cycle, under this version of the price" in explained


def test_after_an_early_roll_quantity_and_amount_are_of_the_whole_cycle(
    customer: FlaskClient, rolled: Organization
) -> None:
    row = text_of(page(customer.get(ADDRESS)).select("#usage tbody tr")[0])
    assert row.endswith("1,500 requests $75.00")


def test_after_an_early_roll_the_page_says_which_invoice_bills_what(
    customer: FlaskClient, rolled: Organization
) -> None:
    words = text_of(page(customer.get(ADDRESS)))
    assert "Invoice 1: 1,200 requests, $60.00" in words
    assert "Current invoice: 300 requests, $15.00" in words
    assert "of which the current invoice bills the usage since" in words


def test_an_item_that_bills_a_part_says_so_beside_the_bars_of_the_whole_cycle(
    customer: FlaskClient, rolled: Organization
) -> None:
    item = next(item for item in bill_of(rolled).items if item.kind == "metered")
    words = text_of(page(customer.get(f"/organizations/acme/invoices/2/items/{item.id}")))
    assert "The whole cycle came to 1,500 requests, $75.00, on several invoices" in words
    assert "Current invoice: 300 requests, $15.00" in words


def test_what_a_backdated_end_took_off_is_shown_with_its_reason(
    customer: FlaskClient, acme: Organization
) -> None:
    before = text_of(page(customer.get(ADDRESS)))
    with transaction():
        now = utc_now()
        metered = acme_service(acme)
        detach_service(metered, at=now - timedelta(days=2), now=now, actor=SUPPORT)
    words = text_of(page(customer.get(ADDRESS)).select_one("#taken-off"))
    assert "Taken off" not in before
    assert "1 record no longer billed" in words
    assert "1,200 requests" in words
    assert "API requests was detached on" in words
    assert "before this was recorded" in words


def acme_service(acme: Organization) -> Service:
    """Return the metered service."""
    query = (
        select(Service)
        .join(Service.price)
        .where(Service.organization_id == acme.id, Price.kind == "metered")
    )
    return database.session.scalars(query).one()


def test_what_was_accepted_is_shown_and_to_when_is_said(customer: FlaskClient) -> None:
    accepted = utc_now()
    with transaction():
        entry = ReportedRecord("acme", "acme-requests", "more", Decimal(300), accepted)
        accept_batch([entry], now=accepted)
    words = text_of(page(customer.get(ADDRESS)))
    assert "1,500 requests" in words
    [said] = re.findall(r"All usage accepted by (\d\d:\d\d:\d\d) UTC is counted", words)
    assert said >= f"{accepted:%H:%M:%S}"

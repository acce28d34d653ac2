"""Explain a charge."""

from decimal import Decimal

import pytest
from flask.testing import FlaskClient

from dashboard.clock import utc_now
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from dashboard.usage.record import record_batch
from dashboard.usage.reported import ReportedRecord
from tests.pages import fragment, page, text_of
from tests.people import bill_of

PANEL = {"HX-Request": "true", "HX-Target": "div#panel-body"}


def address_of(acme: Organization, kind: str) -> str:
    """Return the address of the first item of a kind."""
    item = next(item for item in bill_of(acme).items if item.kind == kind)
    return f"/organizations/acme/invoices/1/items/{item.id}"


def test_usage_is_explained_step_by_step(customer: FlaskClient, acme: Organization) -> None:
    soup = page(customer.get(address_of(acme, "metered")))
    assert "1,200 requests at $0.05 each" in text_of(soup)
    assert soup.select("svg .bar")
    assert "The same as a table" in text_of(soup)


def test_usage_that_was_counted_in_bulk_is_explained_too(
    customer: FlaskClient, acme: Organization
) -> None:
    now = utc_now()
    with transaction():
        record_batch([ReportedRecord("acme", "acme-requests", "more", Decimal(300), now)], now=now)
    assert "1,500 requests at $0.05 each" in text_of(
        page(customer.get(address_of(acme, "metered")))
    )
    with transaction():
        assert [item.kept_trace for item in bill_of(acme).items if item.kind == "metered"] == [{}]


@pytest.mark.parametrize(
    ("unit", "heading"),
    [("vCPU hour", "Quantity in vCPU hours"), ("GB", "Quantity in GB"), ("", "Quantity")],
)
def test_a_unit_keeps_its_case(
    customer: FlaskClient, acme: Organization, unit: str, heading: str
) -> None:
    with transaction():
        usage = next(item for item in bill_of(acme).items if item.kind == "metered")
        usage.price_version.price.unit_label = unit
    soup = page(customer.get(address_of(acme, "metered")))
    assert text_of(soup.select(".chart th")[1]) == heading


def test_a_fee_is_explained_by_the_time_attached(customer: FlaskClient, acme: Organization) -> None:
    assert "seconds of" in text_of(page(customer.get(address_of(acme, "recurring"))))


def test_the_panel_gets_the_page_without_its_frame(
    customer: FlaskClient, acme: Organization
) -> None:
    answer = customer.get(address_of(acme, "metered"), headers=PANEL)
    soup = fragment(answer)
    assert soup.find("main") is None
    assert "Where this amount comes from" in text_of(soup)


def test_customers_are_not_told_who_credited_them(
    customer: FlaskClient, support: FlaskClient, acme: Organization
) -> None:
    address = address_of(acme, "adjustment")
    assert "support@example.com" not in text_of(page(customer.get(address)))
    assert "support@example.com" in text_of(page(support.get(address)))


def test_an_item_of_another_invoice_is_not_found(customer: FlaskClient) -> None:
    page(customer.get("/organizations/acme/invoices/1/items/999999"), 404)

"""Whatever a person, a sub-system or Stripe typed is shown as it was typed, and is never markup."""

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy import text

from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.pages import page
from tests.people import bill_of
from tests.support.bill_changes import agree, find_foreign, run

MARK = """<x-typed id='a' class="b">&amp;"""
# What is typed in, and where it is printed: on the bill, in the list, beside an item, in the frame.
TYPED = (
    "update organizations set name = :typed || id, email = :typed || id",
    "update users set name = :typed",
    "update prices set name = :typed, unit_label = :typed",
    "update services set label = :typed || id, external_id = :typed || id",
    "update invoice_items set description = :typed || id, quantity = 2.5",
    "update invoices set parked_at = now(), parked_code = 'differs', parked_reason = :typed",
    "update invoices set stripe_invoice_id = :typed || id, payment_failure = :typed",
    """
    update invoices set billed_to = jsonb_build_object(
        'name', cast(:typed as text), 'address', jsonb_build_array(cast(:typed as text)),
        'tax_ids', jsonb_build_array(cast(:typed as text)))
    """,
    "update prices set product = :typed where kind = 'metered'",
    "update foreign_lines set description = :typed",
    "update synced_lines set description = :typed",
    "update sync_runs set error = :typed",
)
ADDRESSES = (
    "/organizations",
    "/organizations?q=%3Cx-typed%20id='a'%20class=%22b%22%3E%26amp;",
    "/organizations/acme",
    "/organizations/acme/current-invoice",
    "/organizations/acme/usage",
    "/organizations/acme/services",
    "/organizations/acme/adjustments",
    "/organizations/acme/invoices",
    "/organizations/acme/invoices/1",
    "/organizations/acme/invoices/1/document",
    "/organizations/acme?open=all&q=%3Cx-typed%20id='a'%20class=%22b%22%3E%26amp;",
    "/organizations/acme/syncs",
    "/organizations/acme/details",
)


@pytest.fixture
def typed(acme: Organization) -> Organization:
    """Acme, of which everything that can be typed in is hostile."""
    with transaction():
        invoice = bill_of(acme)
        agree(invoice)
        run(invoice, error="x", next_attempt_at=utc_now())
        find_foreign(invoice)
    with transaction():
        for statement in TYPED:
            db.session.execute(text(statement), {"typed": MARK})
    return acme


@pytest.mark.parametrize("address", ADDRESSES)
def test_what_was_typed_is_never_markup(
    support: FlaskClient, customer: FlaskClient, typed: Organization, address: str
) -> None:
    for client in (support, customer):
        answer = client.get(address)
        soup = BeautifulSoup(answer.text, "html5lib")
        assert "<x-typed" not in answer.text
        assert not soup.select("x-typed, .b, #a")


def test_the_bill_shows_what_was_typed_as_it_was(support: FlaskClient, typed: Organization) -> None:
    soup = page(support.get("/organizations/acme?open=all"))
    items = soup.select("tr[id^=item-]")
    assert len(items) == 3
    for row in items:
        assert row.select_one("a").text.startswith(MARK)
    counted = [row.select_one(".cell-second").text for row in items]
    assert sorted(counted) == ["", f"2.5 {MARK}", f"2.5 {MARK}"]
    assert soup.select_one("tr.is-group .opens").text == MARK
    assert soup.select_one("h1").text.startswith(MARK)
    assert MARK in soup.select_one("title").text
    assert soup.select_one(".sidebar-user strong").text == MARK
    assert MARK in soup.select_one("[role=alert]").text

"""The history of an organization's lines, as customers and staff read it."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.services.change import change_quantity
from dashboard.transaction import transaction
from dashboard.usage.reported import ReportedRecord
from tests.factories import SUPPORT
from tests.pages import page, text_of
from tests.people import bill_of
from tests.support.downloads import download
from tests.support.queries import count_queries
from tests.support.usage import record_batch

HISTORY = "/organizations/acme/history"


def rows(client: FlaskClient, query: str = "") -> list[str]:
    """Return the rows of the page, as text."""
    return [text_of(row) for row in page(client.get(HISTORY + query)).select("tbody tr")]


def item_id(acme: Organization, kind: str) -> int:
    """Return the id of the first item of a kind."""
    return next(item.id for item in bill_of(acme).items if item.kind == kind)


def test_every_change_is_told_with_cause_before_and_after(
    customer: FlaskClient, acme: Organization
) -> None:
    credit, usage, fee = rows(customer)
    assert "Goodwill credit" in credit
    assert "Credit added" in credit
    assert "−$5.00" in credit
    assert "Usage counted" in usage
    assert "1,200 requests" in usage
    assert "+$60.00" in usage
    assert "db-0 attached" in fee


def test_a_change_shows_what_was_before(customer: FlaskClient, acme: Organization) -> None:
    with transaction():
        service = next(item.service for item in bill_of(acme).items if item.service)
        now = utc_now()
        at = now - timedelta(days=2)
        change_quantity(service, Decimal(3), at=at, now=now, actor=SUPPORT)
    newest = rows(customer)[0]
    assert "Quantity of db-0 changed" in newest
    assert "3 databases" in newest
    assert "1 before" in newest


def test_customers_are_not_told_which_of_us_did_it(
    customer: FlaskClient, support: FlaskClient, acme: Organization
) -> None:
    assert "support@example.com" not in " ".join(rows(customer))
    assert "Billing team" in rows(customer)[0]
    assert "support@example.com" in rows(support)[0]
    told = download(customer, f"{HISTORY}.csv")
    assert {row["by"] for row in told} == {"Billing team", "Usage reports"}


def test_links_lead_to_the_line_and_to_what_caused_it(
    customer: FlaskClient, acme: Organization
) -> None:
    links = {a["href"] for a in page(customer.get(HISTORY)).select("tbody a")}
    number = item_id(acme, "metered")
    assert f"/organizations/acme/invoices/1/items/{number}" in links
    assert "/organizations/acme/adjustments" in links
    assert "/organizations/acme/services" in links


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("?cause=usage", ["Usage counted"]),
        ("?cause=facts", ["Credit added", "db-0 attached"]),
        ("?cause=adjustment", ["Credit added"]),
        ("?cause=nonsense", []),
        ("?product=API+requests", ["Usage counted"]),
        ("?first=2000-01-01&last=2000-01-02", []),
        ("?first=nonsense", ["Credit added", "Usage counted", "db-0 attached"]),
        ("?item=99999999", []),
    ],
)
def test_the_address_says_what_is_kept(customer: FlaskClient, query: str, kept: list[str]) -> None:
    found = rows(customer, query)
    assert len(found) == len(kept)
    for row, words in zip(found, kept, strict=True):
        assert words in row


def test_older_changes_are_a_page_further_with_the_filters_kept(
    customer: FlaskClient, acme: Organization
) -> None:
    now = utc_now()
    for hours in range(60):
        entry = ReportedRecord("acme", "acme-requests", f"h-{hours}", Decimal(1), now)
        with transaction():
            record_batch([entry], now=now + timedelta(hours=hours))
    first = page(customer.get(f"{HISTORY}?cause=usage"))
    older = first.find("a", rel="next")["href"]
    assert "cause=usage" in older
    assert len(first.select("tbody tr")) == 50
    assert len(page(customer.get(older)).select("tbody tr")) == 10


def test_the_page_takes_as_many_statements_for_many_changes_as_for_few(
    customer: FlaskClient, acme: Organization
) -> None:
    customer.get(HISTORY)
    with count_queries(db.engine) as few:
        customer.get(HISTORY)
    for hours in range(1, 30):
        entry = ReportedRecord("acme", "acme-requests", f"h-{hours}", Decimal(1), utc_now())
        with transaction():
            record_batch([entry], now=utc_now() + timedelta(hours=hours))
    with count_queries(db.engine) as many:
        customer.get(HISTORY)
    assert many.count == few.count


def test_the_line_shows_its_own_history(customer: FlaskClient, acme: Organization) -> None:
    number = item_id(acme, "metered")
    soup = page(customer.get(f"/organizations/acme/invoices/1/items/{number}"))
    card = soup.find(id="history-title").find_parent("section")
    assert [text_of(row) for row in card.select("tbody tr")] == [
        one for one in [text_of(row) for row in card.select("tbody tr")] if "Usage counted" in one
    ]
    assert "$0.00 before" in text_of(card)


def test_the_download_holds_what_the_filters_keep_and_adds_up(
    customer: FlaskClient, acme: Organization
) -> None:
    told = download(customer, f"{HISTORY}.csv")
    total = sum(Decimal(row["change"]) for row in told)
    assert Decimal(told[0]["invoice_total"]) == total
    assert [row["cause"] for row in told] == ["adjustment", "usage", "attach"]
    kept = download(customer, f"{HISTORY}.csv?cause=usage")
    assert [(row["quantity_before"], row["quantity"], row["unit"]) for row in kept] == [
        ("0", "1200", "request")
    ]


def test_a_download_is_on_record(customer: FlaskClient, support: FlaskClient) -> None:
    customer.get(f"{HISTORY}.csv?cause=usage")
    words = text_of(page(support.get("/audit-entries?action=history.exported")))
    assert "Downloaded the history of the bill's lines, only cause usage." in words


def test_nothing_is_sent_by_a_filter_that_cannot_be_read(customer: FlaskClient) -> None:
    words = text_of(page(customer.get(f"{HISTORY}.csv?last=yesterday"), 422))
    assert "The filter cannot be read: To. Nothing was downloaded." in words


def test_what_is_from_before_history_was_kept_is_said_to_be(
    customer: FlaskClient, acme: Organization
) -> None:
    with db.engine.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text("update invoice_items set changed_at = null, cause = null"))
    words = text_of(page(customer.get(HISTORY)))
    assert re.search(r"History begins on \d+ \w+ \d{4}", words)
    assert "The amount before history was kept" in words


def test_an_organization_without_lines_says_so(support: FlaskClient, acme: Organization) -> None:
    assert "History begins" not in text_of(page(support.get(HISTORY)))

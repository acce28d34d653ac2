"""Support's list of what is past due: by age and amount, its sums, and its download."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from dashboard.billing.late import is_late
from dashboard.billing.models import Invoice
from dashboard.billing.payment_facts import payment_facts
from dashboard.billing.payment_state import late_since
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from tests.pages import page, text_of
from tests.people import make_bill
from tests.support.declined import decline, issue

PAGE = "/past-due"
NOW = utc_now()


def late(slug: str, cents: int, days: int, **facts: Any) -> Invoice:
    """Return an invoice of an organization of its own that is late for so many days."""
    organization = make_bill(slug, name=slug.title())
    due = {"due_at": NOW - timedelta(days=days, hours=1)}
    return issue(organization, cents, **(due | facts))


def rows(client: FlaskClient, question: str = "") -> list[str]:
    """Return the rows of the list."""
    return [text_of(one) for one in page(client.get(PAGE + question)).select("tbody tr")]


def test_nothing_past_due_says_so(support: FlaskClient) -> None:
    assert "Nothing is past due" in text_of(page(support.get(PAGE)))


def test_a_customer_has_no_such_list(customer: FlaskClient) -> None:
    assert customer.get(PAGE).status_code == 403
    assert customer.get(f"{PAGE}.csv").status_code == 403


def test_the_oldest_is_first_and_the_largest_where_that_is_wanted(support: FlaskClient) -> None:
    late("young", 9000, 2)
    late("old", 500, 100)
    assert [one.split()[0] for one in rows(support)] == ["Old", "Young"]
    assert [one.split()[0] for one in rows(support, "?sort=-amount")] == ["Young", "Old"]
    assert [one.split()[0] for one in rows(support, "?sort=-age")] == ["Young", "Old"]


@pytest.mark.parametrize(
    ("days", "age"),
    [(0, "7"), (6, "7"), (7, "30"), (29, "30"), (30, "60"), (60, "90"), (90, "older")],
)
def test_each_is_in_one_age(support: FlaskClient, days: int, age: str) -> None:
    late("acme-late", 500, days)
    found = {one for one in ("7", "30", "60", "90", "older") if rows(support, f"?age={one}")}
    assert found == {age}


def test_each_age_says_what_it_comes_to_in_each_currency(support: FlaskClient) -> None:
    late("one", 9000, 2)
    late("two", 1000, 3)
    late("three", 700, 2, currency="eur")
    late("four", 5000, 40)
    words = text_of(page(support.get(PAGE)).select_one("dl.summary"))
    assert "Up to 7 days $100.00 €7.00 3 invoices" in words
    assert "31 to 60 days $50.00 1 invoice" in words
    assert len(rows(support, "?currency=eur")) == 1


def test_one_that_is_charged_is_late_once_a_payment_failed(
    support: FlaskClient, acme: Organization
) -> None:
    invoice = issue(acme, 5000)
    assert rows(support) == []
    decline(invoice, at=NOW)
    [row] = rows(support)
    assert "Declined" in row
    assert "There was not enough money on the account" in row
    assert "None announced" in row


def test_one_given_up_is_apart_from_those_that_are_still_collected(support: FlaskClient) -> None:
    late("gone", 500, 200, status="uncollectible", uncollectible_at=NOW)
    assert rows(support) == []
    assert len(rows(support, "?age=given_up")) == 1


@pytest.mark.parametrize(
    "facts",
    [{"status": "paid", "paid_at": NOW}, {"amount_remaining_cents": 0},
     {"status": "void", "voided_at": NOW}, {"due_at": NOW + timedelta(days=1)}],
)  # fmt: skip
def test_what_is_settled_or_not_due_yet_is_not_in_it(
    support: FlaskClient, facts: dict[str, Any]
) -> None:
    late("settled", 500, 20, **facts)
    assert rows(support) == []


def test_the_download_has_what_the_list_is_narrowed_to(support: FlaskClient) -> None:
    late("one", 9000, 2)
    late("two", 1000, 40)
    told = list(csv.DictReader(io.StringIO(support.get(f"{PAGE}.csv?age=60").text)))
    assert [(one["organization"], one["owed"], one["currency"]) for one in told] == [
        ("two", "10.00", "USD")
    ]
    assert told[0]["days_late"] == "40"
    audit = text_of(page(support.get("/audit-entries")))
    assert "Downloaded what is past due, only age 60." in audit


@pytest.mark.parametrize("question", ["?age=nonsense&currency=<b>", "?sort=-owed", "?currency=zz"])
def test_an_odd_address_shows_the_whole_list(support: FlaskClient, question: str) -> None:
    late("one", 9000, 2)
    assert len(rows(support, question)) == 1


@pytest.mark.parametrize("place", ["after=5-x", "after=5-99999999999999999999&sort=amount"])
def test_a_place_that_this_list_never_had_leads_to_its_beginning(
    support: FlaskClient, place: str
) -> None:
    assert support.get(f"{PAGE}?{place}").status_code == 303


def test_a_list_of_many_is_read_on(support: FlaskClient) -> None:
    for number in range(52):
        late(f"org-{number}", 500 + number, 3 + number)
    soup = page(support.get(f"{PAGE}?sort=amount"))
    assert len(soup.select("tbody tr")) == 50
    following = soup.select_one("a[rel=next]")["href"]
    assert len(page(support.get(following)).select("tbody tr")) == 2


instants = st.sampled_from((None, NOW - timedelta(days=9), NOW + timedelta(days=9)))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    status=st.sampled_from(("open", "uncollectible", "paid", "void")),
    due_at=instants,
    failure=st.sampled_from((None, "Declined.")),
    confirm_at=instants,
    owed=st.sampled_from((None, 0, 500)),
)
def test_queries_find_what_one_invoice_says_of_itself(
    acme: Organization, status: str, due_at: Any, failure: Any, confirm_at: Any, owed: Any
) -> None:
    query = select(Invoice).where(Invoice.organization_id == acme.id, Invoice.status == "open")
    if db.session.scalar(query) is None:
        issue(acme, 700)
    savepoint = db.session.begin_nested()
    try:
        found = db.session.scalars(query).one()
        found.status, found.due_at, found.payment_failure = status, due_at, failure
        found.finalized_at = NOW - timedelta(days=20)
        found.action_required_at, found.amount_remaining_cents = confirm_at, owed
        found.amount_due_cents = 700
        db.session.flush()
        facts = payment_facts(found)
        is_one = late_since(facts, NOW) is not None and facts.remaining_cents > 0
        late_ids = select(Invoice.id).where(Invoice.id == found.id, is_late(NOW))
        assert (db.session.scalar(late_ids) is not None) is is_one
    finally:
        savepoint.rollback()
        db.session.expire_all()

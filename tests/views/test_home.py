"""A customer's first page: every organization of theirs in a row, and what is the matter on top."""

from decimal import Decimal
from itertools import pairwise

import pytest
from bs4 import BeautifulSoup
from flask import Flask, render_template
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from dashboard.accounts.models import Membership, User
from dashboard.billing.forecast import Forecast
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.reading.glance import Glance
from dashboard.transaction import transaction
from dashboard.usage.record import record_batch
from dashboard.usage.reported import ReportedRecord
from dashboard.views.formatting import money
from dashboard.views.glance import HEIGHT, bars_of
from tests.factories import MembershipFactory, make_organization
from tests.pages import page, text_of
from tests.people import People, bill_of, make_bill, signed_in
from tests.support.declined import decline, issue
from tests.support.queries import count_queries


@pytest.fixture
def kettle(people: People) -> Organization:
    """A second organization of Acme's customer."""
    organization = make_bill("kettle", name="Copper Kettle")
    join(people, organization)
    return organization


def join(people: People, organization: Organization) -> None:
    """Let the customer belong to it as well."""
    with transaction():
        user = db.session.get_one(User, people.customer)
        MembershipFactory(user=user, organization_id=organization.id)


def rows(client: FlaskClient) -> list[str]:
    """Return what the page says of each organization."""
    return [text_of(row) for row in page(client.get("/")).select(".organizations tbody tr")]


def test_who_has_one_organization_goes_straight_to_its_bill(customer: FlaskClient) -> None:
    assert customer.get("/").location == "/organizations/acme"


def test_each_organization_is_a_row_with_what_it_owes_and_is_charged(
    customer: FlaskClient, acme: Organization, kettle: Organization
) -> None:
    first, second = rows(customer)
    assert first.startswith("Acme Freight")
    assert second.startswith("Copper Kettle")
    assert money(bill_of(kettle).total_cents, "usd") in second
    assert "No card yet" in second
    together = bill_of(acme).total_cents + bill_of(kettle).total_cents
    words = text_of(page(customer.get("/")))
    assert f"2 organizations, {money(together, 'usd')} owed so far." in words
    assert f"Total {money(together, 'usd')}" in words


def test_one_whose_payment_was_declined_is_said_on_top_and_in_its_row(
    customer: FlaskClient, kettle: Organization
) -> None:
    decline(issue(kettle, 195_011), at=utc_now())
    soup = page(customer.get("/"))
    alarm = text_of(soup.select_one("[role=alert]"))
    assert alarm.startswith("Copper Kettle: payment of $1,950.11 declined on")
    assert "Pay $1,950.11 now" in alarm
    assert "1 of them needs you." in text_of(soup)
    assert "and $1,950.11 past due" in rows(customer)[1]
    assert "Declined" in text_of(soup.select_one("[aria-labelledby=recent-title]"))


def test_it_takes_the_same_statements_for_any_number(
    customer: FlaskClient, people: People, kettle: Organization
) -> None:
    with count_queries(db.engine) as few:
        page(customer.get("/"))
    for number in range(5):
        join(people, make_bill(f"more-{number}"))
    with count_queries(db.engine) as many:
        assert len(rows(customer)) == 7
    assert few.count == many.count


def test_usage_that_waits_is_on_it(customer: FlaskClient, kettle: Organization) -> None:
    before = rows(customer)[1]
    with transaction():
        entry = ReportedRecord("kettle", "kettle-requests", "more", Decimal(100), utc_now())
        record_batch([entry], now=utc_now())
    assert rows(customer)[1] != before
    assert f"${bill_of(kettle).total_cents / 100:.2f}" in rows(customer)[1]


def test_amounts_of_two_currencies_are_not_added(
    customer: FlaskClient, people: People, kettle: Organization
) -> None:
    with transaction():
        yen = make_organization("yen", now=utc_now(), anchor=utc_now(), currency="jpy")
    join(people, yen)
    words = text_of(page(customer.get("/")))
    assert "Total in USD" in words
    assert "Total in JPY ¥0" in words


def test_nobody_sees_an_organization_of_others(
    app: Flask, people: People, kettle: Organization
) -> None:
    stranger = signed_in(app, people.stranger)
    assert stranger.get("/").location == "/organizations/other"


def test_without_an_organization_the_page_says_whom_to_ask(app: Flask, people: People) -> None:
    with transaction():
        db.session.query(Membership).delete()
    words = text_of(page(signed_in(app, people.customer).get("/")))
    assert "No organization yet" in words


def glance(client: FlaskClient, slug: str = "acme"):
    """Return what comes into an organization's row after the page."""
    told = client.get(f"/organizations/{slug}/glance", headers={"HX-Request": "true"})
    assert told.status_code == 200
    return BeautifulSoup(f"<table><tr>{told.text}</tr></table>", "html5lib")


def test_a_row_asks_for_its_days_and_its_forecast(
    customer: FlaskClient, kettle: Organization
) -> None:
    row = page(customer.get("/")).select_one(".organizations tbody tr")
    asks = row.select_one("[hx-get]")
    assert asks["hx-get"] == "/organizations/acme/glance"
    assert asks.select_one("a")["href"] == "/organizations/acme/usage"
    assert customer.get(asks["hx-get"]).location == "/organizations/acme"


def test_a_glance_shows_a_bar_for_each_day_with_a_cost(
    customer: FlaskClient, acme: Organization
) -> None:
    days, forecast = glance(customer).select("td")
    bars = days.select("svg.bars rect")
    assert 0 < len(bars) <= 14
    assert days.svg["aria-label"].endswith(" today")
    assert text_of(forecast)


def test_a_glance_takes_the_same_statements_for_any_bill(customer: FlaskClient) -> None:
    with count_queries(db.engine) as asked:
        glance(customer)
    assert asked.count <= 3


def test_before_anything_was_charged_a_glance_says_so(
    customer: FlaskClient, people: People
) -> None:
    with transaction():
        empty = make_organization("empty", now=utc_now(), anchor=utc_now())
    join(people, empty)
    days, forecast = glance(customer, "empty").select("td")
    assert text_of(days) == "Nothing yet"
    assert text_of(forecast) == "$0.00"


@given(st.lists(st.integers(-10_000, 10**12), min_size=1, max_size=14))
def test_bars_stand_on_the_ground_and_the_dearest_is_the_highest(cents: list[int]) -> None:
    bars = bars_of(cents)
    assert all(bar.y + bar.height == HEIGHT and 0 <= bar.height <= HEIGHT for bar in bars)
    assert [bar.height > 0 for bar in bars] == [one > 0 for one in cents]
    pairs = sorted(zip(cents, bars, strict=True))
    assert all(low[1].height <= high[1].height for low, high in pairwise(pairs))


def test_no_forecast_at_a_glance_begins_below_what_is_owed_already(
    app: Flask, acme: Organization
) -> None:
    forecast = Forecast(194_480, 194_475, 194_490, so_far_cents=194_473)
    with app.test_request_context():
        told = render_template(
            "home/_glance.html", glance=Glance([1], "usd", forecast), bars=[], size=(7, 30, 5)
        )
    assert "$1,944.73 – $1,950" in told

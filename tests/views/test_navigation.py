"""The sidebar: places in their groups, with what waits there."""

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from redis import Redis

from dashboard.accounts.models import User
from dashboard.billing.close import seal_now
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from jobs.watch import COUNTS, sample_fleet
from tests.factories import MembershipFactory
from tests.pages import page, text_of
from tests.people import People, bill_of, make_bill
from tests.support.queries import count_queries

PAGE = "/organizations/acme"


def places(soup: BeautifulSoup) -> list[str]:
    """Return what the sidebar's places say."""
    return [text_of(one) for one in soup.select(".sidebar-nav a")]


@pytest.fixture
def two(acme: Organization, people: People) -> None:
    """Acme's customer is a customer of a second organization, whose payment failed."""
    with transaction():
        second = make_bill("second", name="Copper Kettle")
        user = database.session.get(User, people.customer)
        MembershipFactory(user=user, organization_id=second.id)
        bill = bill_of(second)
        seal_now(bill, now=utc_now())
        bill.status, bill.payment_failure, bill.finalized_at = "open", "No funds.", utc_now()


def test_staff_see_what_waits_where(support: FlaskClient, redis: Redis) -> None:
    redis.hset(COUNTS, mapping={"needs": "9", "webhook_events": "1", "organizations": "48212"})
    found = places(page(support.get("/audit-entries")))
    assert found[:3] == ["Needs a person 9 need attention", "Organizations 48,212", "Past due"]
    assert "Webhook events 1 need attention" in found


def test_before_the_clock_looked_nothing_is_counted(support: FlaskClient) -> None:
    assert places(page(support.get("/audit-entries")))[:2] == ["Needs a person", "Organizations"]


def test_the_sample_counts_organizations(support: FlaskClient, acme: Organization) -> None:
    sample_fleet()
    assert "Organizations 2" in places(page(support.get("/audit-entries")))


def test_a_customer_of_one_organization_has_one_place(customer: FlaskClient) -> None:
    assert places(page(customer.get(PAGE))) == ["Your billing"]


def test_a_customer_of_several_has_each_by_name_with_what_waits(
    customer: FlaskClient, two: None
) -> None:
    soup = page(customer.get(PAGE))
    assert places(soup) == ["Your billing", "Acme Freight", "Copper Kettle 1 need attention"]
    assert soup.select_one(".sidebar-nav [aria-current]").text.strip() == "Acme Freight"


def test_the_names_are_read_once_and_never_for_a_poll(customer: FlaskClient, two: None) -> None:
    tag = str(page(customer.get(PAGE)).select_one("#bill")["hx-ptag"])
    with count_queries(database.engine) as again:
        page(customer.get(PAGE))
    assert again.count == 2
    with count_queries(database.engine) as poll:
        customer.get(f"{PAGE}/current-invoice", headers={"HX-Request": "true", "HX-PTag": tag})
    assert poll.count == 1


def test_who_left_an_organization_sees_it_no_more_at_once(
    customer: FlaskClient, two: None, people: People
) -> None:
    assert "Copper Kettle" in str(places(page(customer.get(PAGE))))
    with transaction():
        database.session.execute(
            database.text(
                "delete from memberships where organization_id ="
                " (select id from organizations where slug = 'second')"
            )
        )
    assert places(page(customer.get(PAGE))) == ["Your billing"]


def test_no_count_of_the_whole_is_a_customer_s(customer: FlaskClient, redis: Redis) -> None:
    redis.hset(COUNTS, mapping={"needs": "9", "home": "7"})
    assert places(page(customer.get(PAGE))) == ["Your billing"]


def test_the_mode_stands_beside_the_brand(support: FlaskClient, client: FlaskClient) -> None:
    assert page(support.get("/organizations")).select_one(".brand-row .mode-test")
    assert page(client.get("/session/new")).select_one(".mode-test")

"""Every list sorts, filters and pages alike, and says why it is empty."""

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy import select

from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.sync.models import SyncRun
from dashboard.transaction import transaction
from tests.factories import ApiTokenFactory, make_organization
from tests.pages import fragment, page, text_of
from tests.people import bill_of

LOGS = (
    "/sync-runs", "/webhook-events", "/audit-entries", "/api-tokens", "/bulk-actions",
    "/organizations/acme/syncs", "/organizations/acme/adjustments", "/organizations/acme/invoices",
)  # fmt: skip


def sorted_head(soup: BeautifulSoup) -> tuple[str, str]:
    """Return which head of a list is sorted, and how."""
    [head] = soup.select("main th[aria-sort]")
    return head.get_text().strip("↑↓ \n"), head["aria-sort"]


def runs(number: int, **facts: object) -> None:
    """Add so many syncs of Acme's bill, all over."""
    acme = db.session.scalars(select(Organization).where(Organization.slug == "acme")).one()
    with transaction():
        for _ in range(number):
            told = {"state": "succeeded", "trigger": "scheduled", "actor_kind": "system"} | facts
            db.session.add(
                SyncRun(organization_id=acme.id, invoice_id=bill_of(acme).id, actor_label="System",
                        created_at=utc_now(), **told)
            )  # fmt: skip


def test_a_list_is_sorted_by_its_head_and_the_address_says_how(support: FlaskClient) -> None:
    first = page(support.get("/organizations"))
    assert sorted_head(first) == ("Organization", "ascending")
    ends = next(one for one in first.select("th a.sort") if "Cycle ends" in one.get_text())
    by_end = page(support.get(ends["href"]))
    assert sorted_head(by_end) == ("Cycle ends", "ascending")
    assert "cycle ending first" in text_of(by_end)
    again = by_end.select_one("th[aria-sort] a.sort")
    assert again["href"] == "/organizations?sort=-ends"
    assert sorted_head(page(support.get(again["href"]))) == ("Cycle ends", "descending")


def test_an_order_that_no_list_offers_is_the_usual_one(support: FlaskClient) -> None:
    for sort in ("total", "-", "ends-", "x" * 500):
        assert sorted_head(page(support.get(f"/organizations?sort={sort}")))[0] == "Organization"


def test_a_list_keeps_its_order_and_filter_from_page_to_page(support: FlaskClient) -> None:
    with transaction():
        for number in range(30):
            make_organization(f"labs-{number:02}", now=utc_now(), anchor=utc_now())
    first = page(support.get("/organizations?q=labs&sort=-name"))
    following = first.select_one("a[rel=next]")["href"]
    assert "q=labs" in following
    assert "sort=-name" in following
    rest = page(support.get(following))
    assert "by name, from Z" in text_of(rest)
    back = page(support.get(rest.select_one("a[rel=prev]")["href"]))
    assert [one.text for one in back.select("a.row-link")] == [
        one.text for one in first.select("a.row-link")
    ]


@pytest.mark.parametrize("address", LOGS)
def test_a_log_past_its_end_says_so_and_leads_back(
    support: FlaskClient, admin: FlaskClient, address: str
) -> None:
    browser = admin if address == "/api-tokens" else support
    soup = page(browser.get(f"{address}?before=1"))
    words = text_of(soup.select_one("main"))
    assert "Nothing on this page" in words
    back = next(one for one in soup.select("a.btn") if one.get_text() == "Go to the first page")
    page(browser.get(back["href"]))


@pytest.mark.parametrize(
    "address",
    [
        *(f"{log}?{asked}" for log in LOGS for asked in ("before=x", "after=0-A", "page=2")),
        "/organizations?after=x&q=freight",
        "/organizations?after=99999999999999999999-A",
        "/organizations?page=99",
        "/organizations?page=x",
        # A place of the list by name, in the order of another.
        "/organizations?sort=ends&after=1-Acme",
        "/people?before=x",
        "/people?page=3",
        "/organizations/acme/members?after=x",
        "/organizations/acme/timeline?before=x-y",
        "/organizations/acme/history?before=nonsense",
        "/organizations/acme/history?before=9223372036854775807-1-1",
        "/organizations/acme/services?page=x",
        "/organizations/acme/usage?page=0",
    ],
)
def test_a_page_that_a_list_does_not_have_is_said_and_its_beginning_shown(
    support: FlaskClient, admin: FlaskClient, address: str
) -> None:
    browser = admin if address.startswith(("/api-tokens", "/people")) else support
    answer = browser.get(address)
    assert answer.status_code == 303
    for name in ("after", "before", "page"):
        assert f"{name}=" not in answer.location
    assert ("q=freight" in answer.location) == ("q=freight" in address)
    soup = page(browser.get(answer.location))
    assert "This list has no such page" in text_of(soup.select_one(".notice"))
    assert "no such page" not in text_of(page(browser.get(answer.location)))


def test_a_log_is_read_both_ways(support: FlaskClient) -> None:
    runs(41)
    first = page(support.get("/sync-runs"))
    assert sorted_head(first) == ("Started", "descending")
    assert "40 shown, newest first" in text_of(first)
    older = page(support.get(first.select_one("a[rel=next]")["href"]))
    newer = page(support.get(older.select_one("a[rel=prev]")["href"]))
    assert text_of(newer.select_one("tbody")) == text_of(first.select_one("tbody"))
    oldest = page(support.get(first.select_one("th[aria-sort] a.sort")["href"]))
    assert sorted_head(oldest) == ("Started", "ascending")
    assert oldest.select_one("tbody a").text == older.select_one("tbody a").text


def test_filters_say_how_many_there_are(support: FlaskClient, admin: FlaskClient) -> None:
    runs(2, state="failed")
    tabs = text_of(page(support.get("/sync-runs")).select_one("ul.tabs"))
    assert "Failed 2" in tabs
    with transaction():
        ApiTokenFactory()
    assert "Live 1" in text_of(page(admin.get("/api-tokens")).select_one("ul.tabs"))
    assert "Staff 2" in text_of(page(admin.get("/people")).select_one("ul.tabs"))


def test_how_many_need_attention_is_asked_for_beside_the_list(support: FlaskClient) -> None:
    region = page(support.get("/organizations?q=freight")).select_one("#attention")
    assert region["hx-get"] == "/organization-counts?q=freight"
    counted = fragment(support.get(region["hx-get"]))
    assert counted.select_one("#attention").get("hx-get") is None
    links = {one.get_text(): one["href"] for one in counted.select("a")}
    assert links["On hold 0"] == "/organizations?q=freight&attention=parked"


def test_a_filter_without_a_result_says_which_and_offers_to_clear_it(support: FlaskClient) -> None:
    soup = page(support.get("/organizations?q=freight&attention=void"))
    words = text_of(soup)
    assert "No match for “freight”, Void, undecided" in words
    links = {one.get_text(): one["href"] for one in soup.select(".empty-state a")}
    assert links == {
        "Without “freight”": "/organizations?attention=void",
        "Without Void, undecided": "/organizations?q=freight",
        "Show all organizations": "/organizations",
    }


def test_people_are_narrowed_to_staff(admin: FlaskClient) -> None:
    words = text_of(page(admin.get("/people?who=staff")))
    assert "Sam" in words
    assert "Carla" not in words
    assert "No match for deactivated" in text_of(page(admin.get("/people?who=deactivated")))

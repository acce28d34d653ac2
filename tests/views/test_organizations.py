"""Support's list and the billing page."""

import pytest
from flask.testing import FlaskClient

from dashboard.billing.outcome import put_on_hold
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.sync.models import AddedLine
from dashboard.transaction import transaction
from tests.factories import make_organization
from tests.pages import fragment, page, text_of
from tests.people import bill_of, make_bill
from tests.support.queries import count_queries
from tests.support.usage import use

LIVE = "/organizations/acme/current-invoice"
HTMX = {"HX-Request": "true"}


def test_the_list_shows_what_each_owes_and_its_sync_state(support: FlaskClient) -> None:
    words = text_of(page(support.get("/organizations")))
    assert "Acme Freight" in words
    assert "Other Labs" in words
    assert "Next sync" in words


@pytest.mark.parametrize("text", ["acme", "FREIGHT", "billing@acme"])
def test_part_of_a_name_slug_or_address_finds_it(support: FlaskClient, text: str) -> None:
    answer = support.get("/organizations", query_string={"q": text})
    if answer.status_code == 303:
        assert answer.location == "/organizations/acme"
        return
    words = text_of(page(answer))
    assert "Acme Freight" in words
    assert "Other Labs" not in words


def test_an_exact_id_goes_straight_to_its_page(support: FlaskClient, acme: Organization) -> None:
    with transaction():
        acme.stripe_customer_id, acme.external_id = "cus_1", "crm-7"
        bill_of(acme).stripe_invoice_id = "in_1"
    for text in ("cus_1", "crm-7", "in_1", "acme"):
        answer = support.get("/organizations", query_string={"q": f" {text} "})
        assert answer.location == "/organizations/acme", text


def test_a_name_that_matches_several_lists_them_all(support: FlaskClient) -> None:
    with transaction():
        make_organization("acme-two", name="Acme Two", now=utc_now(), anchor=utc_now())
    words = text_of(page(support.get("/organizations?q=acme")))
    assert "Acme Freight" in words
    assert "Acme Two" in words


def test_a_search_without_a_match_says_how_to_search(support: FlaskClient) -> None:
    words = text_of(page(support.get("/organizations?q=in_unknown")))
    assert "No match for “in_unknown”" in words
    assert "Show all organizations" in words


def test_a_search_treats_wildcards_as_letters(support: FlaskClient) -> None:
    assert "No match" in text_of(page(support.get("/organizations?q=%25")))


def test_the_list_is_paged(support: FlaskClient) -> None:
    more(30)
    first = page(support.get("/organizations"))
    assert "25 of 32, by name" in text_of(first)
    assert first.select_one("a[rel=prev]") is None
    rest = page(support.get(first.select_one("a[rel=next]")["href"]))
    assert "7 of 32, by name" in text_of(rest)
    assert rest.select_one("a[rel=next]") is None
    again = page(support.get(rest.select_one("a[rel=prev]")["href"]))
    assert names(again) == names(first)
    assert not names(first) & names(rest)
    last = page(support.get("/organizations?before="))
    assert len(names(last)) == 25
    assert names(last) > names(rest)


def test_an_address_with_a_page_s_number_still_leads_to_that_page(support: FlaskClient) -> None:
    more(30)
    rest = page(support.get("/organizations?page=2"))
    assert "7 of 32, by name" in text_of(rest)
    assert names(page(support.get("/organizations?page=1"))) == names(
        page(support.get("/organizations"))
    )


def test_after_nothing_is_the_beginning(support: FlaskClient) -> None:
    first = names(page(support.get("/organizations")))
    assert names(page(support.get("/organizations?after="))) == first


def test_a_page_of_which_nothing_is_left_leads_back(support: FlaskClient) -> None:
    words = text_of(page(support.get("/organizations?after=1-zzz")))
    assert "Nothing on this page" in words
    assert "Go to the first page" in words


def more(number: int) -> None:
    """Make so many organizations more."""
    with transaction():
        for one in range(number):
            make_organization(f"more-{one:02}", now=utc_now(), anchor=utc_now())


def names(soup) -> set[str]:
    """Return which organizations a page lists."""
    return {one.text for one in soup.select("#organizations a.row-link")}


def test_the_list_can_be_narrowed_to_what_needs_a_person(
    support: FlaskClient, acme: Organization
) -> None:
    with transaction():
        put_on_hold(bill_of(acme), "differs", "Stripe's total is not ours.", now=utc_now())
    words = text_of(page(support.get("/organizations?attention=parked")))
    assert "Acme Freight" in words
    assert "Other Labs" not in words


def test_the_list_takes_the_same_queries_for_any_number(support: FlaskClient) -> None:
    with count_queries(db.engine) as few:
        page(support.get("/organizations"))
    with transaction():
        for number in range(20):
            make_organization(f"more-{number:02}", now=utc_now(), anchor=utc_now())
    with count_queries(db.engine) as many:
        page(support.get("/organizations"))
    assert few.count == many.count


def test_the_billing_page_says_what_is_owed_and_why(customer: FlaskClient) -> None:
    words = text_of(page(customer.get("/organizations/acme")))
    assert "Owed so far, before tax" in words
    assert "Forecast" in words
    assert "API requests" in words
    assert "1,200 requests" in words
    assert "−$5.00" in words


def test_a_customer_is_not_shown_what_is_ours(customer: FlaskClient) -> None:
    words = text_of(page(customer.get("/organizations/acme")))
    for word in ("Sync now", "Roll cycle", "Preview sync", "At Stripe", "Add charge"):
        assert word not in words


def test_support_sees_the_sync_state_of_each_line(support: FlaskClient) -> None:
    soup = page(support.get("/organizations/acme"))
    rows = soup.select("section[aria-labelledby=items-title] tbody tr")
    assert len(rows) == 3
    assert all("Next sync" in text_of(row) for row in rows)


def test_a_refresh_of_an_unchanged_bill_is_answered_304(customer: FlaskClient) -> None:
    tag = page(customer.get("/organizations/acme")).select_one("#bill")["hx-ptag"]
    answer = customer.get(LIVE, headers={**HTMX, "HX-PTag": tag})
    assert answer.status_code == 304
    assert answer.data == b""


def test_a_refresh_after_usage_shows_the_new_total(customer: FlaskClient) -> None:
    tag = page(customer.get("/organizations/acme")).select_one("#bill")["hx-ptag"]
    use("acme", "more", 100)
    answer = customer.get(LIVE, headers={**HTMX, "HX-PTag": tag})
    assert "1,300 requests" in text_of(fragment(answer))
    assert answer.headers["HX-PTag"] != tag
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_page_takes_the_same_queries_for_thirty_items(
    support: FlaskClient, acme: Organization
) -> None:
    make_bill("large", fees=28, name="Large Labs")
    with count_queries(db.engine) as few:
        page(support.get("/organizations/acme"))
    with count_queries(db.engine) as many:
        soup = page(support.get("/organizations/large?open=all"))
    assert len(soup.select("tr[id^=item-]")) == 30
    assert few.count == many.count == 2


def test_a_parked_bill_says_why_to_support_and_plainly_to_customers(
    support: FlaskClient, customer: FlaskClient, acme: Organization
) -> None:
    with transaction():
        put_on_hold(bill_of(acme), "differs", "Stripe's total is $1.00 higher.", now=utc_now())
    assert "Stripe's total is $1.00 higher." in text_of(page(support.get("/organizations/acme")))
    plain = text_of(page(customer.get("/organizations/acme")))
    assert "$1.00 higher" not in plain
    assert "Nothing is charged until they finish" in plain


def test_a_foreign_line_is_shown_with_its_three_choices(
    support: FlaskClient, acme: Organization
) -> None:
    with transaction():
        db.session.add(
            AddedLine(
                organization_id=acme.id,
                invoice_id=bill_of(acme).id,
                stripe_line_id="il_1",
                description="Consulting",
                amount_cents=9900,
                found_at=utc_now(),
            )
        )
    bill = page(support.get("/organizations/acme"))
    choices = page(support.get(bill.find("a", string="Decide")["href"]))
    for soup, parts in (
        (bill, ("Consulting", "$99.00", "differs by +$99.00")),
        (choices, ("Take ours", "Adopt theirs", "Leave it")),
    ):
        for part in parts:
            assert part in text_of(soup)


def test_a_new_organization_explains_its_empty_bill(support: FlaskClient) -> None:
    with transaction():
        make_organization("fresh", now=utc_now(), anchor=utc_now())
    assert "No charges yet this cycle" in text_of(page(support.get("/organizations/fresh")))


def test_the_tabs_of_an_organization_are_pages(customer: FlaskClient) -> None:
    for tab in ("usage", "services", "adjustments", "invoices", "details"):
        page(customer.get(f"/organizations/acme/{tab}"))


def test_the_services_page_shows_quantities_and_states(customer: FlaskClient) -> None:
    words = text_of(page(customer.get("/organizations/acme/services")))
    assert "db-0" in words
    assert "Attached" in words
    assert "By usage" in words


def test_typing_narrows_the_list_and_never_jumps(support: FlaskClient) -> None:
    answer = support.get("/organizations?q=acme", headers=HTMX)
    assert "Acme Freight" in text_of(fragment(answer))

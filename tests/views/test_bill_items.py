"""The items of a bill on its pages: grouped, opened, sorted and searched by the address."""

from datetime import timedelta
from decimal import Decimal

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from dashboard.billing.close import seal_now
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.sync.models import SyncedLine
from dashboard.transaction import transaction
from tests.factories import PriceFactory, make_service
from tests.pages import fragment, page, text_of
from tests.people import bill_of, make_bill
from tests.support.queries import count_queries

ACME = "/organizations/acme"
HTMX = {"HX-Request": "true"}
ITEMS = {**HTMX, "HX-Target": "section#items"}
SERVERS = {"name": "Large server", "product": "Servers", "unit_label": "server"}


@pytest.fixture
def fleet(acme: Organization) -> Organization:
    """Acme, with twelve servers of two kinds more since its cycle began."""
    began = bill_of(acme).period_start
    with transaction():
        large = PriceFactory(code="large", version__unit_amount=Decimal(9600), **SERVERS)
        small = PriceFactory(
            code="small", version__unit_amount=Decimal(1200), **(SERVERS | {"name": "Small server"})
        )
        for number in range(10):
            make_service(acme, large, now=utc_now(), at=began, label=f"robot-{number}",
                         external_id=f"robot-{number}")  # fmt: skip
        for label in ("a", "b"):
            make_service(acme, small, now=utc_now(), at=began, label=label, external_id=label)
    return acme


def rows(soup: BeautifulSoup) -> list[str]:
    """Return what the rows of items say."""
    return [text_of(row) for row in soup.select("#items tbody tr")]


def row_of(soup: BeautifulSoup, name: str) -> str:
    """Return what the row of that name says."""
    return next(row for row in rows(soup) if row.startswith(name))


def test_a_product_is_one_row_with_its_sum_and_its_share(
    customer: FlaskClient, fleet: Organization
) -> None:
    soup = page(customer.get(ACME))
    assert row_of(soup, "Servers") == "Servers 12 servers 92% $984.00"
    assert not any("robot" in row for row in rows(soup))
    assert "15 in 4 groups" in text_of(soup.select_one("#items"))


def test_a_group_opens_by_a_link_and_the_address_says_so(
    customer: FlaskClient, fleet: Organization
) -> None:
    soup = page(customer.get(ACME))
    link = soup.select_one("#group-servers a")
    assert (link["href"], link["aria-expanded"]) == (f"{ACME}?open=servers", "false")
    opened = page(customer.get(link["href"]))
    assert row_of(opened, "Large server") == (
        "Large server robot-0 to robot-9 10 servers $96.00 89% $960.00"
    )
    assert row_of(opened, "Small server") == "Small server a, b 2 servers $12.00 2% $24.00"
    link = opened.select_one("#group-servers a")
    assert (link["href"], link["aria-expanded"]) == (ACME, "true")


def test_kinds_open_within_their_product(customer: FlaskClient, fleet: Organization) -> None:
    soup = page(customer.get(f"{ACME}?open=servers"))
    address = soup.select_one("#group-servers\\/large-server a")["href"]
    assert address == f"{ACME}?open=servers,servers/large-server"
    opened = page(customer.get(address))
    assert len(opened.select("#items tr.depth-2")) == 10


def test_all_groups_open_and_close_by_one_link(customer: FlaskClient, fleet: Organization) -> None:
    soup = page(customer.get(ACME))
    link = soup.find("a", string="Open all")
    opened = page(customer.get(link["href"]))
    assert len(opened.select("tr[id^=item-]")) == 15
    assert opened.find("a", string="Close all")["href"] == ACME
    # One that is closed leaves the others open.
    closed = page(customer.get(opened.select_one("#group-servers\\/small-server a")["href"]))
    assert len(closed.select("tr[id^=item-]")) == 13


def test_what_is_looked_for_is_shown_open_with_its_sum(
    customer: FlaskClient, fleet: Organization
) -> None:
    soup = page(customer.get(f"{ACME}?q=ROBOT-3"))
    assert rows(soup) == [row_of(soup, "Large server (robot-3)")]
    words = text_of(soup.select_one("#items"))
    assert "1 of 15" in words
    assert "These 1 $96.00" in words
    assert soup.select_one("#items-q")["value"] == "ROBOT-3"
    none = page(customer.get(f"{ACME}?q=nothing"))
    assert rows(none) == ["No item matches. Show all items"]


def test_items_are_sorted_by_name_or_amount(customer: FlaskClient, fleet: Organization) -> None:
    soup = page(customer.get(f"{ACME}?open=servers"))
    assert [row.split(" ")[0] for row in rows(soup)][:3] == ["Servers", "Large", "Small"]
    assert soup.select_one("th[aria-sort=descending]").text.strip() == "Amount"
    by_name = soup.find("a", string="Item")["href"]
    assert by_name == f"{ACME}?open=servers&sort=name"
    names = [row.split(" ")[0] for row in rows(page(customer.get(by_name)))]
    assert names == ["API", "Goodwill", "Managed", "Servers", "Large", "Small"]


def test_support_sees_only_what_differs(
    support: FlaskClient, customer: FlaskClient, acme: Organization
) -> None:
    make_bill("large", fees=10)
    invoice = bill_of(acme)
    with transaction():
        item = next(one for one in invoice.items if one.kind == "recurring")
        db.session.add(
            SyncedLine(
                organization_id=acme.id, invoice_id=invoice.id, key=item.key,
                amount_cents=item.amount_cents, description=item.description, members={},
                period_start=item.period_start.replace(microsecond=0),
                period_end=item.period_end.replace(microsecond=0),
            )
        )  # fmt: skip
    found = rows(page(support.get(f"{ACME}?differs=1")))
    assert len(found) == 2
    assert not any("Managed database" in row for row in found)
    assert len(rows(page(customer.get(f"{ACME}?differs=1")))) == 3
    assert page(support.get("/organizations/large")).find("a", string="Only what differs")


def test_a_group_opens_in_place_with_the_items_alone(
    customer: FlaskClient, fleet: Organization
) -> None:
    answer = customer.get(f"{ACME}?open=servers", headers=ITEMS)
    soup = fragment(answer)
    assert soup.select_one("section#items")
    assert soup.select_one("#bill") is None
    assert "HX-Target" in answer.headers["Vary"]


def test_a_refresh_keeps_what_the_page_has_open(customer: FlaskClient, fleet: Organization) -> None:
    address = f"{ACME}/current-invoice"
    for query, number in (("", 3), ("?open=servers", 3), ("?open=all", 15), ("?q=robot-3", 1)):
        headers = {**HTMX, "HX-Current-URL": f"https://bill.example{ACME}{query}"}
        soup = fragment(customer.get(address, headers=headers))
        assert len(soup.select("tr[id^=item-]")) == number, query
    assert (
        len(fragment(customer.get(f"{address}?open=all", headers=HTMX)).select("tr[id^=item-]"))
        == 15
    )


@pytest.mark.parametrize(
    "told",
    ["", "http://[", "?" + "&" * 9000, "?open=" + "a," * 4000, "?" + "a=b&" * 60, "?q=%ff%00"],
)
def test_a_refresh_from_an_odd_address_is_answered(
    customer: FlaskClient, fleet: Organization, told: str
) -> None:
    answer = customer.get(f"{ACME}/current-invoice", headers={**HTMX, "HX-Current-URL": told})
    assert "Total before tax" in text_of(fragment(answer))


def test_two_hundred_items_take_no_statement_more_and_few_rows(
    support: FlaskClient, acme: Organization
) -> None:
    make_bill("large", fees=198, name="Large Labs")
    with count_queries(db.engine) as few:
        page(support.get(ACME))
    with count_queries(db.engine) as many:
        soup = page(support.get("/organizations/large"))
    assert few.count == many.count == 2
    assert len(rows(soup)) == 3
    with count_queries(db.engine) as opened:
        page(support.get("/organizations/large?open=all"))
    assert opened.count == 2


def test_a_part_of_a_cycle_says_so_beside_its_price(
    customer: FlaskClient, acme: Organization
) -> None:
    # The fee of make_bill runs from the second day of the cycle on.
    invoice = bill_of(acme)
    days = (invoice.period_end - invoice.period_start).days
    said = row_of(page(customer.get(ACME)), "Managed database")
    assert f"from {invoice.period_start + timedelta(days=1):%-d %b}" in said
    assert f"$30.00 × {days - 1}/{days} days" in said


def test_past_invoices_group_their_items_too(
    customer: FlaskClient, support: FlaskClient, fleet: Organization
) -> None:
    with transaction():
        seal_now(bill_of(fleet), now=utc_now())
    address = f"{ACME}/invoices/1"
    soup = page(customer.get(address))
    assert soup.select_one("#group-servers a")["href"] == f"{address}?open=servers"
    for client in (customer, support):
        opened = page(client.get(f"{address}?open=all"))
        assert len(opened.select("tr[id^=item-]")) == 15
    alone = fragment(customer.get(f"{address}?open=servers", headers=ITEMS))
    assert "Large server robot-0 to robot-9" in text_of(alone)
    assert alone.select_one("h1") is None


def test_more_rows_than_a_page_has_room_for_are_counted(
    customer: FlaskClient, fleet: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.views.items_shown.MOST_LISTED", 4)
    soup = page(customer.get(f"{ACME}?open=all"))
    assert len(soup.select("tr[id^=item-].depth-2")) == 3
    assert "10 rows more" in text_of(soup)
    assert "Total before tax" in text_of(soup)

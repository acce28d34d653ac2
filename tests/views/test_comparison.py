"""The page that compares bills, and the part of the billing page that says why one changed."""

from datetime import timedelta
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from dashboard.billing.close import seal_now
from dashboard.billing.draft import current_invoice
from dashboard.billing.roll import roll_over
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.organizations.models import Organization
from dashboard.pricing.models import Price
from dashboard.transaction import transaction
from dashboard.usage.reported import ReportedRecord
from tests.factories import MeteredPriceFactory, PriceFactory, make_organization, make_service
from tests.pages import fragment, page, text_of
from tests.support.queries import count_queries
from tests.support.usage import record_batch

ADDRESS = "/organizations/two-cycles/comparison"
MOVERS = f"{ADDRESS}/movers"
HTMX = {"HX-Request": "true"}
DAY = timedelta(days=1)


@pytest.fixture
def two_cycles(db: SQLAlchemy, people: object) -> Organization:
    """An organization ten days into its second cycle: $10.00 less usage and a server more."""
    now = utc_now().replace(microsecond=0)
    # Far enough from its end whatever the month's length.
    second = now - 10 * DAY
    start = second - 28 * DAY
    with transaction():
        organization = make_organization("two-cycles", anchor=start, now=start, name="Two Cycles")
        metered = MeteredPriceFactory(name="Data transfer", meter="transfer", unit_label="GB")
        make_service(organization, metered, at=start, now=start, external_id="replay")
        make_service(
            organization, PriceFactory(name="Small server"), at=start, now=start, external_id="web"
        )
        first = current_invoice(organization)
        ends = first.period_end
        record_batch(
            [ReportedRecord("two-cycles", "transfer", "1", Decimal(400), start + DAY)],
            now=start + DAY,
        )
        roll_over(organization, now=ends)
        seal_now(first, now=ends)
        record_batch(
            [
                ReportedRecord(
                    "two-cycles", "transfer", "2", Decimal(200), ends + timedelta(hours=1)
                )
            ],
            now=ends + timedelta(hours=1),
        )
        make_service(
            organization,
            PriceFactory(name="Large server", version__unit_amount=Decimal(9600)),
            at=ends + DAY, now=ends + DAY, external_id="planner",
        )  # fmt: skip
    return organization


def test_the_part_says_what_moved_and_adds_up(
    two_cycles: Organization, support: FlaskClient
) -> None:
    answer = support.get(MOVERS, headers=HTMX)
    said = text_of(fragment(answer))
    assert answer.headers["HX-PTag"]
    assert "Why did it change?" in said
    assert "Large server 1 attached on" in said
    assert "−$10.00" in said
    assert "Everything else" in said


def test_an_unchanged_part_is_not_sent_again(
    two_cycles: Organization, support: FlaskClient
) -> None:
    tag = support.get(MOVERS, headers=HTMX).headers["HX-PTag"]
    again = support.get(MOVERS, headers={**HTMX, "HX-PTag": tag})
    assert (again.status_code, again.data) == (304, b"")


def test_an_unchanged_part_costs_one_statement(
    two_cycles: Organization, support: FlaskClient, db: SQLAlchemy
) -> None:
    tag = support.get(MOVERS, headers=HTMX).headers["HX-PTag"]
    with count_queries(db.engine) as queries:
        support.get(MOVERS, headers={**HTMX, "HX-PTag": tag})
    assert queries.count == 1


def test_without_scripts_the_part_is_a_page(two_cycles: Organization, support: FlaskClient) -> None:
    answer = support.get(MOVERS)
    assert (answer.status_code, answer.headers["Location"]) == (303, ADDRESS)


def test_the_billing_page_asks_for_the_part_and_has_a_link_instead(
    two_cycles: Organization, support: FlaskClient
) -> None:
    soup = page(support.get("/organizations/two-cycles"))
    why = soup.select_one("#why")
    assert why is not None
    assert (why["hx-get"], why.select_one("a")["href"]) == (MOVERS, ADDRESS)


def test_a_first_cycle_has_no_such_part(acme: Organization, support: FlaskClient) -> None:
    assert page(support.get("/organizations/acme")).select_one("#why") is None


def test_a_first_cycle_is_said_to_be_one(acme: Organization, support: FlaskClient) -> None:
    address = "/organizations/acme/comparison"
    assert "This is the first cycle" in text_of(page(support.get(address)))
    assert "This is the first cycle" in text_of(
        fragment(support.get(f"{address}/movers", headers=HTMX))
    )


@pytest.mark.parametrize(
    ("way", "names"),
    [
        ("product", ["Large server", "Data transfer", "Small server"]),
        ("service", ["planner", "replay", "web"]),
        ("item", ["Large server (planner)", "Data transfer", "Small server (web)"]),
        ("nonsense", ["Large server", "Data transfer", "Small server"]),
    ],
)
def test_the_page_compares_by_product_service_or_item(
    two_cycles: Organization, support: FlaskClient, way: str, names: list[str]
) -> None:
    soup = page(support.get(ADDRESS, query_string={"by": way}))
    rows = [text_of(cell) for cell in soup.select("table.comparison tbody td:first-child")]
    assert rows == names
    assert "Why did it change?" in text_of(soup)


def test_any_two_invoices_can_be_compared(two_cycles: Organization, support: FlaskClient) -> None:
    soup = page(support.get(ADDRESS, query_string={"from": "1", "to": "2", "by": "product"}))
    foot = text_of(soup.select_one("table.comparison tfoot"))
    assert "Two invoices" in text_of(soup)
    assert "Total before tax" in foot
    assert [one["value"] for one in soup.select("#compare-from option[selected]")] == ["1"]
    back = page(support.get(ADDRESS, query_string={"from": "2", "to": "1"}))
    assert "Current invoice" in text_of(back.select_one("table.comparison thead"))


def test_one_price_alone_can_be_looked_at(two_cycles: Organization, support: FlaskClient) -> None:
    [price_id] = database.session.scalars(select(Price.id).where(Price.name == "Data transfer"))
    soup = page(support.get(ADDRESS, query_string={"by": "item", "price": price_id}))
    [row] = soup.select("table.comparison tbody tr")
    assert "Data transfer" in text_of(row)
    assert "Show everything" in text_of(soup)


@pytest.mark.parametrize(("first", "second"), [("1", "99"), ("77", "1")])
def test_an_invoice_that_is_not_there_cannot_be_compared(
    two_cycles: Organization, support: FlaskClient, first: str, second: str
) -> None:
    answer = support.get(ADDRESS, query_string={"from": first, "to": second})
    assert "to compare. Choose from the list." in text_of(page(answer, 404))


@pytest.mark.parametrize("value", ["", "x", "-1", "9" * 30])
def test_what_is_no_number_compares_the_cycles(
    two_cycles: Organization, support: FlaskClient, value: str
) -> None:
    answer = support.get(ADDRESS, query_string={"from": value, "to": value, "price": value})
    assert answer.status_code == 200

"""The spend chart as a fragment of the bill, on its own page, and as a download."""

import csv
import gzip
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from flask.testing import FlaskClient

from dashboard.billing.adjust import add_adjustment
from dashboard.billing.reverse import reverse_adjustment
from dashboard.billing.roll import roll_early
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.money import Money
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from dashboard.usage.reported import ReportedRecord
from tests.factories import SUPPORT, MeteredPriceFactory, make_organization, make_service
from tests.pages import fragment as part_of
from tests.pages import page, text_of
from tests.people import bill_of
from tests.support.queries import count_queries
from tests.support.usage import record_batch

ADDRESS, PAGE = "/organizations/acme/spend", "/organizations/acme/usage"
HTMX = {"HX-Request": "true"}
AMOUNT = re.compile("(\N{MINUS SIGN})? ?\\$([\\d,]+\\.\\d\\d)")


def fragment(client: FlaskClient, address: str = ADDRESS):
    return part_of(client.get(address, headers=HTMX))


def sum_of(soup) -> tuple[int, int]:
    """Return what the sentence below the chart adds up, and what it says that comes to."""
    left, right = text_of(soup.select_one(".chart-sum")).split(" = ")
    terms = [
        int(amount.replace(",", "").replace(".", "")) * (-1 if sign else 1)
        for sign, amount in AMOUNT.findall(left)
    ]
    [(_, owed)] = AMOUNT.findall(right)
    return sum(terms), int(owed.replace(",", "").replace(".", ""))


def test_the_sentence_below_the_chart_adds_up_to_what_is_owed(
    customer: FlaskClient, acme: Organization
) -> None:
    soup = fragment(customer)
    owed = bill_of(acme).total_cents
    assert sum_of(soup) == (owed, owed)
    words = text_of(soup.select_one(".chart-sum"))
    assert "of fees for the days to come" in words
    assert "\N{MINUS SIGN} $5.00 of credits" in words


def test_what_was_reversed_is_neither_charge_nor_credit_in_the_sentence(
    customer: FlaskClient, acme: Organization
) -> None:
    before = text_of(fragment(customer).select_one(".chart-sum"))
    with transaction():
        charge = add_adjustment(
            bill_of(acme), Money(50_000, "usd"), reason="Setup", description="Setup", key="setup",
            actor=SUPPORT, now=utc_now(),
        )  # fmt: skip
        reverse_adjustment(charge, reason="Sold twice", actor=SUPPORT, now=utc_now())
    assert text_of(fragment(customer).select_one(".chart-sum")) == before


def test_after_an_early_roll_the_sentence_says_what_earlier_invoices_bill(
    customer: FlaskClient, acme: Organization
) -> None:
    with transaction():
        roll_early(acme, reason="Contract ends", actor=SUPPORT, now=utc_now())
    soup = fragment(customer)
    owed = bill_of(acme).total_cents
    assert sum_of(soup) == (owed, owed)
    assert "on earlier invoices of this cycle" in text_of(soup.select_one(".chart-sum"))


def test_an_unchanged_chart_is_answered_304_by_one_statement(customer: FlaskClient) -> None:
    tag = customer.get(ADDRESS, headers=HTMX).headers["HX-PTag"]
    with count_queries(database.engine) as queries:
        again = customer.get(ADDRESS, headers=HTMX | {"HX-PTag": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert queries.count == 1


def test_a_chart_takes_three_statements_whatever_is_on_the_bill(customer: FlaskClient) -> None:
    customer.get(ADDRESS, headers=HTMX)
    with count_queries(database.engine) as queries:
        customer.get(ADDRESS, headers=HTMX)
    assert queries.count == 3


def test_without_a_script_its_address_leads_to_its_page(customer: FlaskClient) -> None:
    answer = customer.get(f"{ADDRESS}?by=service&range=days")
    assert (answer.status_code, answer.location) == (303, f"{PAGE}?by=service&range=days")
    bill = page(customer.get("/organizations/acme"))
    link = bill.select_one("#spend a")
    assert (link["href"], text_of(link)) == (PAGE, "Spend by day")


def test_a_refresh_of_the_bill_tells_the_chart_to_look(customer: FlaskClient) -> None:
    address = "/organizations/acme/current-invoice"
    moved = customer.get(address, headers=HTMX)
    assert moved.headers["HX-Trigger"] == "bill-moved"
    same = customer.get(address, headers=HTMX | {"HX-PTag": moved.headers["HX-PTag"]})
    assert "HX-Trigger" not in same.headers
    assert "hx-morph-skip" in bill_section(customer).attrs


def bill_section(client: FlaskClient):
    return page(client.get("/organizations/acme")).select_one("#spend")


@pytest.mark.parametrize("over", ["cycle", "days", "months"])
@pytest.mark.parametrize("by", ["product", "service"])
def test_every_chart_is_on_the_page_and_says_which_it_is(
    customer: FlaskClient, by: str, over: str
) -> None:
    soup = page(customer.get(f"{PAGE}?by={by}&range={over}"))
    chosen = [text_of(one) for one in soup.select(".choices [aria-current]")]
    names = {"cycle": "Cycle", "days": "30 days", "months": "12 cycles"}
    assert chosen == [by.title(), names[over]]
    assert soup.select(".day")
    assert soup.select(".chart-table tbody tr")
    assert len(soup.select('.day[tabindex="0"]')) == 1


def test_a_chart_that_is_none_is_the_usual_one(customer: FlaskClient) -> None:
    soup = page(customer.get(f"{PAGE}?by=color&range=ever"))
    assert [text_of(one) for one in soup.select(".choices [aria-current]")] == ["Product", "Cycle"]


def test_products_have_their_names_and_services_theirs(customer: FlaskClient) -> None:
    by_product, by_service = (
        [text_of(one) for one in fragment(customer, f"{ADDRESS}?by={by}").select(".legend bdi")]
        for by in ("product", "service")
    )
    assert by_product == ["Managed database", "API requests"]
    assert by_service[0] == "db-0"


def test_each_day_is_named_for_who_does_not_see_it(customer: FlaskClient) -> None:
    soup = fragment(customer)
    for day in soup.select(".day"):
        assert day["role"] == "img"
        assert text_of(soup.select_one(f"#{day['aria-labelledby']}"))


def test_the_download_adds_up_to_the_days(customer: FlaskClient, acme: Organization) -> None:
    answer = customer.get("/organizations/acme/spend.csv?by=service")
    heading, *rows = csv.reader(answer.text.splitlines())
    assert heading == ["day", "service", "amount", "currency"]
    days = text_of(fragment(customer).select_one(".chart-sum")).split(" in these days")[0]
    assert sum(Decimal(row[2]) for row in rows) == Decimal(days.strip("$"))
    assert "spend-by-service-cycle" in answer.headers["Content-Disposition"]


def test_a_bill_without_anything_says_so_in_the_frame(
    support: FlaskClient, acme: Organization
) -> None:
    now = utc_now()
    with transaction():
        make_organization("quiet", anchor=now, now=now)
    soup = fragment(support, "/organizations/quiet/spend")
    assert "No charges yet this cycle." in text_of(soup)
    assert sum_of(soup) == (0, 0)


def test_a_chart_of_many_products_weighs_under_four_kilobytes(
    customer: FlaskClient, acme: Organization
) -> None:
    now = utc_now()
    with transaction():
        for number in range(9):
            price = MeteredPriceFactory(
                code=f"m-{number}", name=f"Metered product {number}", meter=f"m-{number}"
            )
            make_service(acme, price, now=now, at=now - timedelta(days=10))
    with transaction():
        entries = [
            ReportedRecord(
                "acme", f"m-{number}", f"k-{number}-{day}", Decimal(37 * number + 11 * day + 5),
                now - timedelta(days=day),
            )
            for number in range(9)
            for day in range(10)
        ]  # fmt: skip
        record_batch(entries, now=now)
    sent = customer.get(ADDRESS, headers=HTMX).data
    assert len(gzip.compress(sent, 4)) < 4096

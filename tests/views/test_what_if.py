"""The page that answers what a bill would be: by address, without scripts, and without a trace."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select, text

from dashboard.billing.draft import current_invoice
from dashboard.clock import utc_now
from dashboard.organizations.models import Organization
from dashboard.pricing.models import Price
from dashboard.transaction import transaction
from tests.factories import PriceFactory
from tests.pages import page, text_of

PATH = "/organizations/acme/what-if"
# The numbers of rows that a look may write: when its reader was last seen.
SEEN = {"user_sessions"}


def answer_of(client: FlaskClient, **asked: object) -> str:
    """Return what the answer says to these fields."""
    return text_of(page(client.get(PATH, query_string=asked)).find(id="what-if-answer"))


def fee(db: SQLAlchemy) -> Price:
    """Return Acme's recurring price."""
    return db.session.scalars(select(Price).where(Price.code == "acme-fee")).one()


def usage(db: SQLAlchemy) -> Price:
    """Return Acme's metered price."""
    return db.session.scalars(select(Price).where(Price.code == "acme-usage")).one()


def contents(db: SQLAlchemy) -> dict[str, str]:
    """Return a name for what every table holds."""
    db.session.rollback()
    tables = db.session.scalars(
        text("select tablename from pg_tables where schemaname = 'public' order by 1")
    ).all()
    hashed = "select coalesce(md5(string_agg(t::text, '|' order by t::text)), '') from {} as t"
    return {
        table: db.session.scalar(text(hashed.format(table))) or ""
        for table in tables
        if table not in SEEN
    }


def test_asking_changes_no_row(customer: FlaskClient, acme: Organization, db: SQLAlchemy) -> None:
    customer.get(PATH)
    before = contents(db)
    asked = {f"more_{fee(db).id}": 2, f"use_{usage(db).id}": 250}
    assert "What the bill would be" in answer_of(customer, **asked)
    assert contents(db) == before


def test_postgresql_itself_refuses_to_write_meanwhile(
    customer: FlaskClient, acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def offered(*_args: object) -> list[tuple[str, str]]:
        from dashboard.extensions import db as database  # noqa: PLC0415  the request's own session

        seen.append(str(database.session.scalar(text("show transaction_read_only"))))
        return []

    monkeypatch.setattr("dashboard.views.what_if.prices_offered", offered)
    customer.get(PATH)
    assert seen == ["on"]


def test_two_more_from_a_day_on_show_before_and_after(
    customer: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    day = (utc_now() + timedelta(days=2)).date().isoformat()
    said = answer_of(customer, since=day, **{f"more_{fee(db).id}": 2})
    assert "What the bill would be" in said
    assert "against" in said
    assert "A whole cycle like that" in said
    assert "+$60.00" in said


def test_a_link_holds_the_whole_question(
    customer: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    name = f"more_{fee(db).id}"
    soup = page(customer.get(PATH, query_string={name: 3}))
    assert soup.find(id=name)["value"] == "3"
    form = soup.find("form", class_="what-if")
    assert form["method"] == "get"
    assert form["action"] == PATH
    assert soup.find(id=f"use_{usage(db).id}")["value"] == "100"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("more", "-2", "Enter \N{MINUS SIGN}1 to 9999."),
        ("more", "10000", "Enter \N{MINUS SIGN}1 to 9999."),
        ("more", "1.5", "Enter a whole number in digits."),
        ("more", "many", "Enter a whole number in digits."),
        ("use", "1001", "Enter 0 to 1000 percent."),
        ("use", "-1", "Enter 0 to 1000 percent."),
        ("since", "2020-01-01", "Choose a day from"),
        ("since", "soon", "is not a day"),
        ("add", "7777", "Choose a price from the list."),
        ("count", "-1", "Number must be"),
    ],
)
def test_what_cannot_be_asked_is_said_and_the_bill_as_it_is_shown(
    customer: FlaskClient, acme: Organization, db: SQLAlchemy, field: str, value: str, words: str
) -> None:
    ids = {"more": f"more_{fee(db).id}", "use": f"use_{usage(db).id}"}
    said = answer_of(customer, **{ids.get(field, field): value})
    assert "This cannot be calculated yet" in said
    assert words in said
    assert "What the bill will likely be" in said


def test_a_price_that_is_not_on_the_bill_can_be_added(
    customer: FlaskClient, acme: Organization
) -> None:
    with transaction():
        large = PriceFactory(name="Large server", unit_label="server")
        PriceFactory(name="Yen server", currency="jpy")
    said = text_of(page(customer.get(PATH)))
    assert "Large server (server)" in said
    assert "Yen server" not in said
    said = answer_of(customer, add=large.id, count=2)
    assert "Large server" in said


def test_numbers_too_large_for_a_line_are_refused_in_words(
    customer: FlaskClient, acme: Organization
) -> None:
    with transaction():
        large = PriceFactory(name="Large server", version__unit_amount=10**9)
    assert "Enter less." in answer_of(customer, add=large.id, count=10**11)


def test_a_minus_may_be_the_printed_one(
    customer: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    said = answer_of(customer, **{f"more_{fee(db).id}": "\N{MINUS SIGN}1"})
    assert "What the bill would be" in said


def test_the_answer_with_nothing_asked_is_the_forecast_of_the_bill(
    customer: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    assert "Same as the forecast" in answer_of(customer)
    assert current_invoice(acme).total_cents

"""The catalogue: everybody of the staff reads it, an admin adds versions after a preview."""

from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.pricing.models import Price
from tests.pages import page, post, text_of
from tests.people import bill_of

FEE = "/catalog/acme-fee"


def in_days(days: float) -> str:
    """Return an instant as the field takes it."""
    at: datetime = utc_now() + timedelta(days=days)
    return f"{at:%Y-%m-%dT%H:%M}"


def typed(**more: str) -> dict[str, str]:
    """Return a version that doubles the fee in two days."""
    return {"effective_at": in_days(2), "model": "per_unit", "unit_amount": "60.00"} | more


def versions() -> int:
    """Return how many versions the fee has."""
    price = db.session.scalar(select(Price).where(Price.code == "acme-fee"))
    assert price is not None
    db.session.refresh(price)
    return len(price.versions)


def test_prices_are_listed_with_what_they_cost_now(support: FlaskClient) -> None:
    rows = [text_of(row) for row in page(support.get("/catalog")).select("tbody tr")]
    (fee,) = [row for row in rows if "acme-fee" in row]
    assert "Fee per month" in fee
    assert "$30.00 per" in fee


def test_a_price_shows_its_versions_and_who_has_it(support: FlaskClient) -> None:
    words = text_of(page(support.get(FEE)))
    assert "1 service" in words
    assert "until a later version" in words
    assert "In force" in words
    assert "New version" not in words


def test_the_form_is_filled_with_what_it_costs_now(admin: FlaskClient) -> None:
    form = page(admin.get(f"{FEE}/versions/new"))
    assert form.select_one('input[name="unit_amount"]')["value"] == "30"


def test_a_preview_tells_the_change_and_changes_nothing(
    admin: FlaskClient, acme: Organization
) -> None:
    before = bill_of(acme).total_cents
    found = page(admin.get(f"{FEE}/versions/new", query_string=typed()))
    words = text_of(found.select_one('section[aria-labelledby="preview-title"]'))
    assert "1 current invoice changes by +$" in words
    assert acme.name in words
    assert bill_of(acme).total_cents == before
    assert versions() == 1


def test_what_was_previewed_is_added_and_billed(admin: FlaskClient, acme: Organization) -> None:
    before = bill_of(acme).total_cents
    found = page(admin.get(f"{FEE}/versions/new", query_string=typed()))
    form = found.select_one('form[method="post"][action$="/versions"]')
    assert form is not None
    sent = {
        one["name"]: one["value"] for one in form.select("input") if one["name"] != "csrf_token"
    }
    answer = post(admin, form["action"], **sent)
    assert answer.status_code == 303, text_of(page(answer, answer.status_code).select_one("main"))
    assert "The new version is in the catalog" in text_of(page(admin.get(answer.location)))
    assert versions() == 2
    invoice = bill_of(acme)
    db.session.refresh(invoice)
    assert invoice.total_cents > before


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"effective_at": ""}, "Enter a time"),
        ({"unit_amount": "sixty"}, "is not a number"),
        ({"unit_amount": "-1"}, "is not a number"),
        ({"unit_amount": ""}, "Enter the amount"),
        ({"model": "graduated", "tiers": "1000"}, "is not a tier"),
        ({"model": "graduated", "tiers": "10 1"}, "must be open-ended"),
        ({"model": "package"}, "need a package size"),
        ({"model": "free"}, "Choose one of the models"),
        ({"effective_at": "tomorrow"}, "is not a time"),
        ({"effective_at": "2021-01-01T00:00"}, "Choose a later time"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_added(
    admin: FlaskClient, wrong: dict[str, str], told: str
) -> None:
    answer = admin.get(f"{FEE}/versions/new", query_string=typed(**wrong))
    words = text_of(page(answer, 422).select_one("main"))
    assert told in words
    assert versions() == 1


def test_tiers_are_read_line_by_line(admin: FlaskClient) -> None:
    tiers = "10 5\nrest 4 1.50"
    answer = admin.get(
        "/catalog/acme-usage/versions/new", query_string=typed(model="graduated", tiers=tiers)
    )
    assert "no current invoice changes now" in text_of(page(answer))


def test_support_reads_and_does_not_change(support: FlaskClient) -> None:
    assert support.get(f"{FEE}/versions/new").status_code == 403
    assert post(support, f"{FEE}/versions", typed()).status_code == 403
    assert versions() == 1

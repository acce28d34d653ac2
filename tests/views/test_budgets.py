"""The page of the budget, and what the bill's headline says of it."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from dashboard.accounts.models import Membership
from dashboard.audit.models import AuditEntry
from dashboard.clock import utc_now
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.budgets.support import budget, charge, look
from tests.pages import page, post
from tests.support.queries import count_queries

PATH = "/organizations/acme/budget"


def text_of(client: FlaskClient, path: str = PATH) -> str:
    """Return what a page says, on one line."""
    return " ".join(page(client.get(path)).get_text(" ").split())


def test_a_member_sets_changes_and_takes_away_the_budget(
    customer: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    assert "No budget" in text_of(customer)
    for amount, cents in (("500", 50_000), ("1,250.50", 125_050)):
        seen = page(customer.get(PATH)).find(id="seen")["value"]
        answer = post(customer, PATH, amount=amount, seen=seen)
        assert answer.status_code == 303
        db.session.refresh(acme)
        assert acme.budget_cents == cents
    post(customer, f"{PATH}/removals", seen="125050")
    db.session.refresh(acme)
    assert acme.budget_cents is None
    rows = db.session.scalars(select(AuditEntry).where(AuditEntry.action.like("budget.%"))).all()
    assert [one.actor_label for one in rows] == ["customer@example.com"] * 3


@pytest.mark.parametrize("amount", ["", "0", "-5", "12,50", "1.005", "ten"])
def test_an_amount_that_cannot_be_read_is_said_beside_the_field(
    customer: FlaskClient, amount: str
) -> None:
    answer = post(customer, PATH, amount=amount, seen="none")
    field = page(answer, 422).find(id="amount")
    assert field["value"] == amount
    assert field["aria-invalid"] == "true"


def test_what_somebody_else_set_meanwhile_stands(
    customer: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    budget(acme, 70_000)
    assert post(customer, PATH, amount="5", seen="none").status_code == 409
    assert post(customer, f"{PATH}/removals", seen="1").status_code == 409
    db.session.refresh(acme)
    assert acme.budget_cents == 70_000


def test_the_page_says_how_the_cycle_stands_and_what_was_told(
    customer: FlaskClient, acme: Organization
) -> None:
    owed = page(customer.get("/organizations/acme")).select_one(".lead-figure .money").text
    budget(acme, 12_000)
    charge(acme, 2_000)
    look(now=utc_now())
    said = text_of(customer)
    assert owed.strip()
    assert "A budget never stops usage" in said
    assert "of the budget used" in said
    assert "50%" in said
    assert "100%" in said


def test_the_headline_has_the_budget_and_costs_no_statement_more(
    customer: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    said = text_of(customer, "/organizations/acme")
    assert "Set a budget to get early alerts. It never stops usage." in said
    with count_queries(db.engine) as before:
        customer.get("/organizations/acme")
    budget(acme, 10_000)
    with count_queries(db.engine) as after:
        said = text_of(customer, "/organizations/acme")
    assert "% used." in said
    assert after.count == before.count


def test_a_changed_budget_reaches_an_open_page(customer: FlaskClient, acme: Organization) -> None:
    tag = page(customer.get("/organizations/acme")).find(id="bill")["hx-ptag"]
    headers = {"HX-Request": "true", "HX-PTag": tag}
    path = "/organizations/acme/current-invoice"
    budget(acme, 10_000)
    answer = customer.get(path, headers=headers)
    assert answer.status_code == 200
    assert "% used." in answer.text
    headers["HX-PTag"] = answer.headers["HX-PTag"]
    assert customer.get(path, headers=headers).status_code == 304


def test_a_member_chooses_what_is_mailed_and_staff_have_nothing_to_choose(
    customer: FlaskClient, support: FlaskClient, db: SQLAlchemy, acme: Organization
) -> None:
    assert post(customer, f"{PATH}/mails", unusual="y").status_code == 303
    query = select(Membership).where(Membership.organization_id == acme.id)
    own = db.session.scalars(query).one()
    assert (own.mails_budget, own.mails_unusual) == (False, True)
    assert post(support, f"{PATH}/mails").status_code == 409
    assert "E-mail me about" not in text_of(support)


def test_a_member_who_only_looks_changes_nothing(
    customer: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    with transaction():
        query = select(Membership).where(Membership.organization_id == acme.id)
        db.session.scalars(query).one().role = "reader"
    assert "Set the budget" not in text_of(customer)
    assert post(customer, PATH, amount="5", seen="none").status_code == 403
    assert post(customer, f"{PATH}/removals", seen="none").status_code == 403
    db.session.refresh(acme)
    assert acme.budget_cents is None


def test_a_customer_of_another_organization_finds_no_page(customer: FlaskClient) -> None:
    assert customer.get("/organizations/other/budget").status_code == 404
    assert post(customer, "/organizations/other/budget", amount="1").status_code == 404


def test_history_goes_on_to_older_rows(customer: FlaskClient, acme: Organization) -> None:
    charge(acme, 1_000_000)
    for number in range(8):
        budget(acme, 10_000 + number)
        look(now=utc_now() + timedelta(minutes=number))
    first = page(customer.get(PATH))
    older = first.find("a", rel="next")
    assert older is not None
    assert "Newest" in page(customer.get(older["href"])).get_text()

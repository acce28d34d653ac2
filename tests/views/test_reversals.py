"""Undo as its pages do it: the new total first, then an entry of its own beside the first."""

from __future__ import annotations

from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from dashboard.billing.close import seal_now
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Adjustment
from dashboard.clock import utc_now
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.pages import page, post, text_of
from tests.support.downloads import download

PATH = "/organizations/acme/adjustments"


def total(acme: Organization, db: SQLAlchemy) -> int:
    """Return what the bill comes to."""
    db.session.expire_all()
    return current_invoice(acme).total_cents


def credit_of(acme: Organization, db: SQLAlchemy) -> str:
    """Return the address at which Acme's credit of $5.00 is reversed."""
    query = select(Adjustment.id).where(
        Adjustment.organization_id == acme.id, Adjustment.amount_cents == -500
    )
    return f"{PATH}/{db.session.scalars(query).one()}/reversals"


def test_a_credit_is_reversed_after_its_new_total_was_shown(
    support: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    before, where = total(acme, db), credit_of(acme, db)
    assert "The bill grows by $5.00" in text_of(page(support.get(f"{where}/new")))
    assert post(support, where, reason="").status_code == 422
    assert post(support, where, reason="Given twice").status_code == 303
    assert total(acme, db) == before + 500
    listed = text_of(page(support.get(PATH)))
    assert "Reverses “Goodwill credit” of" in listed
    assert "Goodwill credit Reversed" in listed
    assert "Nothing is left to reverse" in text_of(page(support.get(f"{where}/new")))
    # Sent again it is the same one.
    assert post(support, where, reason="Given twice").status_code == 303
    assert total(acme, db) == before + 500


def test_both_entries_are_on_the_bill_and_it_is_on_record(
    support: FlaskClient, customer: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    post(support, credit_of(acme, db), reason="Given twice")
    for browser in (support, customer):
        bill = text_of(page(browser.get("/organizations/acme")))
        assert "Goodwill credit" in bill
        assert "Reversal: Goodwill credit" in bill
        told = text_of(page(browser.get("/organizations/acme/timeline?kind=money")))
        assert "Charge of $5.00 reverses “Goodwill credit”" in told
    assert "Given twice" in text_of(page(support.get(PATH)))
    assert "Given twice" not in text_of(page(customer.get(PATH)))
    history = text_of(page(customer.get("/organizations/acme/history")))
    assert "Credit reversed" in history
    assert "Charge added" not in history
    newest = download(customer, "/organizations/acme/history.csv")[0]
    assert newest["what"] == "Credit reversed"
    audit = text_of(page(support.get("/audit-entries")))
    assert "$5.00 on the same invoice reverses “Goodwill credit”." in audit


def test_on_an_issued_invoice_it_stays_and_the_page_says_what_to_do_instead(
    support: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    where = credit_of(acme, db)
    with transaction():
        seal_now(current_invoice(acme), now=utc_now())
    instead = "Charge $5.00 on the current invoice instead."
    assert instead in text_of(page(support.get(f"{where}/new")))
    answer = post(support, where, reason="Given twice")
    assert answer.status_code == 409
    assert instead in text_of(answer)
    assert page(support.get(PATH)).find("a", href=f"{where}/new") is None


def test_a_customer_reverses_nothing(
    support: FlaskClient, customer: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    where, before = credit_of(acme, db), total(acme, db)
    assert customer.get(f"{where}/new").status_code == 403
    assert post(customer, where, reason="Mine").status_code == 403
    assert page(customer.get(PATH)).find("a", href=f"{where}/new") is None
    assert post(support, "/organizations/acme/views").status_code == 303
    assert post(support, where, reason="Seen").status_code == 403
    other = where.replace("acme", "other")
    assert post(support, other, reason="Wrong place").status_code in (403, 404)
    assert total(acme, db) == before

"""Rolling a cycle early, from the page."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from dashboard.audit.actor import Actor
from dashboard.billing.close import seal_now
from dashboard.billing.models import Invoice
from dashboard.billing.outcome import close_without_stripe
from dashboard.clock import utc_now
from dashboard.closing.pause import pause_closings
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.sync.models import SyncRun
from dashboard.transaction import transaction
from tests.factories import make_organization
from tests.pages import page, post, text_of
from tests.people import People, bill_of, signed_in

ROLLS = "/organizations/acme/rolls"
ANCHOR = utc_now() - timedelta(days=10)


def invoices(acme: Organization) -> list[Invoice]:
    """Return the organization's invoices in order."""
    db.session.expire_all()
    query = select(Invoice).where(Invoice.organization_id == acme.id).order_by(Invoice.sequence)
    return list(db.session.scalars(query))


def test_the_preview_changes_nothing(support: FlaskClient, acme: Organization) -> None:
    before = bill_of(acme).revision
    words = text_of(page(support.get(f"{ROLLS}/new")))
    assert "Closes, is checked and finalized at Stripe" in words
    assert "cannot be undone" in words
    assert len(invoices(acme)) == 1
    assert bill_of(acme).revision == before


def test_the_typed_name_rolls_the_cycle_once(support: FlaskClient, acme: Organization) -> None:
    fields = {"name": "Acme Freight", "reason": "Contract ends", "invoice_id": bill_of(acme).id}
    assert post(support, ROLLS, **fields).location == "/organizations/acme/invoices/1"
    closed, opened = invoices(acme)
    assert (closed.status, opened.status) == ("sealed", "draft")
    run = db.session.scalars(select(SyncRun)).one()
    assert (run.trigger, run.verify, run.invoice_id) == ("final", True, closed.id)


def test_a_form_sent_twice_is_answered_as_it_was_and_rolls_once(
    support: FlaskClient, admin: FlaskClient, acme: Organization
) -> None:
    fields = {"name": "Acme Freight", "reason": "Contract ends", "invoice_id": bill_of(acme).id}
    first = post(support, ROLLS, **fields)
    again = post(support, ROLLS, **fields)
    assert (again.status_code, again.location) == (303, first.location)
    assert len(invoices(acme)) == 2
    assert len(db.session.scalars(select(SyncRun)).all()) == 1
    # Another form of the same invoice, or another person's, is told that nothing was changed.
    for browser, reason in ((support, "Another"), (admin, "Contract ends")):
        other = page(post(browser, ROLLS, **fields | {"reason": reason}), 409)
        assert "Nothing was changed" in text_of(other)
    assert len(invoices(acme)) == 2


def test_two_clicks_at_once_are_answered_alike(
    app: Flask, people: People, acme: Organization
) -> None:
    fields = {"name": "Acme Freight", "reason": "Contract ends", "invoice_id": bill_of(acme).id}
    browsers, both = [signed_in(app, people.support) for _ in range(2)], Barrier(2)
    db.session.rollback()

    def click(number: int) -> tuple[int, str | None]:
        both.wait(30)
        answer = post(browsers[number], ROLLS, **fields)
        return answer.status_code, answer.location

    with ThreadPoolExecutor(2) as pool:
        answers = set(pool.map(click, range(2)))
    assert answers == {(303, "/organizations/acme/invoices/1")}
    assert len(invoices(acme)) == 2


def test_a_cycle_without_charges_is_rolled_without_an_invoice(support: FlaskClient) -> None:
    with transaction():
        empty = make_organization("empty", name="Empty Shelf", now=utc_now(), anchor=ANCHOR)
    words = text_of(page(support.get("/organizations/empty/rolls/new")))
    assert "Roll cycle, bill nothing" in words
    assert "and bill $" not in words
    with transaction():
        seal_now(bill_of(empty), now=utc_now())
        first = invoices(empty)[0]
        close_without_stripe(first, now=utc_now())
    words = text_of(page(support.get("/organizations/empty/invoices/1")))
    assert "Nothing to pay" in words
    assert "no invoice was issued" in words
    assert "Stripe's invoice equals the ledger" not in words


def test_the_wrong_name_or_no_reason_rolls_nothing(
    support: FlaskClient, acme: Organization
) -> None:
    fields = {"name": "acme", "reason": "", "invoice_id": bill_of(acme).id}
    words = text_of(page(post(support, ROLLS, **fields), 422))
    assert "Type Acme Freight exactly" in words
    assert "Enter a reason" in words
    assert len(invoices(acme)) == 1


@pytest.mark.parametrize("invoice_id", [None, "", "abc", "-1", "9" * 30, "1\0"])
def test_a_roll_of_no_invoice_is_asked_for_again(
    support: FlaskClient, acme: Organization, invoice_id: str | None
) -> None:
    fields = {"name": "Acme Freight", "reason": "Contract ends"}
    given = {} if invoice_id is None else {"invoice_id": invoice_id}
    soup = page(post(support, ROLLS, **fields, **given), 422)
    assert "Part of the form is missing" in text_of(soup.find("form", class_="card-body"))
    assert len(invoices(acme)) == 1
    shown = soup.find("input", attrs={"name": "invoice_id"})["value"]
    assert post(support, ROLLS, **fields, invoice_id=shown).status_code == 303


def test_the_rolled_invoice_has_its_page_and_stands_among_the_past(
    support: FlaskClient, customer: FlaskClient, acme: Organization
) -> None:
    fields = {"name": "Acme Freight", "reason": "Ends", "invoice_id": bill_of(acme).id}
    post(support, ROLLS, **fields)
    assert "Being finalized at Stripe" in text_of(
        page(customer.get("/organizations/acme/invoices/1"))
    )
    assert "Invoice 1" in text_of(page(customer.get("/organizations/acme/invoices")))
    assert "Invoice 1" in text_of(page(customer.get("/organizations/acme")))


def test_while_closings_are_held_it_does_not_say_that_the_bill_is_finalized_now(
    support: FlaskClient, acme: Organization
) -> None:
    now = utc_now()
    with transaction():
        ada = Actor("user", 1, "Ada")
        pause_closings(until=now + timedelta(hours=1), reason="Wait.", actor=ada, now=now)
    fields = {"name": "Acme Freight", "reason": "Contract ends", "invoice_id": bill_of(acme).id}
    words = text_of(page(support.get(post(support, ROLLS, **fields).location)))
    assert "is checked and finalized at Stripe once closings are resumed" in words

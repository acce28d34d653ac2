"""Support corrects a bill that Stripe made differently: each way with its numbers, done once."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from dashboard.billing.difference_models import DifferenceDecision
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.pages import page, post, text_of
from tests.support.differences import bill_differently
from tests.support.issued_bills import ADDRESS, issued
from tests.support.proposing import approve

__all__ = ["issued"]
PATH = f"{ADDRESS}/difference"


@pytest.fixture
def too_much(issued: Invoice) -> Invoice:
    """Acme's first invoice, on which Stripe billed 10.00 too much."""
    with transaction():
        bill_differently(issued, 1000)
    return issued


def fields_of(client: FlaskClient, **fields: str) -> dict[str, str]:
    """Return the form as its page carries it, filled in."""
    soup = page(client.get(PATH))
    kept = {name: str(soup.select_one(f"[name={name}]")["value"]) for name in ("key", "cents")}
    return kept | {"reason": "", **fields}


def send(client: FlaskClient, fields: dict[str, str]):
    return post(client, f"{PATH}-decisions", **fields)


def rows() -> list[DifferenceDecision]:
    db.session.expire_all()
    return list(db.session.scalars(select(DifferenceDecision)))


def test_the_held_invoice_leads_to_it_and_says_what_can_be_done(
    support: FlaskClient, customer: FlaskClient, too_much: Invoice
) -> None:
    shown = page(support.get(ADDRESS))
    assert shown.select_one(f"a[href='{PATH}']").text.strip() == "Correct it…"
    assert "Carry the difference to the next bill" in text_of(shown)
    assert "Verify again" not in text_of(shown)
    theirs = page(customer.get(ADDRESS))
    assert theirs.select_one(f"a[href='{PATH}']") is None
    assert "What can be done" not in text_of(theirs)


def test_each_way_is_offered_with_its_numbers(support: FlaskClient, too_much: Invoice) -> None:
    text = text_of(page(support.get(PATH)))
    due = too_much.amount_remaining_cents or 0
    before = current_invoice(too_much.organization).total_cents
    assert "$10.00 too much" in text
    for cents in (due, due - 1000, before - 1000):
        assert f"{'−' if cents < 0 else ''}${abs(cents) / 100:,.2f}" in text
    for label in ("Credit $10.00", "Carry $10.00 over", "Leave $10.00"):
        assert label in text


def test_carried_it_is_on_the_current_invoice_once(
    support: FlaskClient, admin: FlaskClient, acme: Organization, too_much: Invoice
) -> None:
    before = current_invoice(acme).total_cents
    sent, other = fields_of(support, decision="carry"), fields_of(admin, decision="carry")
    for _ in range(2):
        assert send(support, sent).status_code == 303
    assert send(admin, other).status_code == 409
    assert [one.decision for one in rows()] == ["carry"]
    assert current_invoice(acme).total_cents == before - 1000
    assert too_much.parked_code is None
    assert "Nothing is left to decide" in text_of(page(support.get(PATH)))


def test_a_credit_note_is_planned_once(support: FlaskClient, too_much: Invoice) -> None:
    sent = fields_of(support, decision="credit")
    for _ in range(2):
        assert send(support, sent).status_code == 303
    [made] = rows()
    assert made.note is not None
    assert (made.note.state, made.note.amount_cents) == ("planned", 1000)
    assert "A credit note is on its way" in text_of(page(support.get(PATH)))


def test_to_leave_it_wants_a_reason(support: FlaskClient, too_much: Invoice) -> None:
    refused = send(support, fields_of(support, decision="leave"))
    assert "Enter why it is left as it is." in text_of(page(refused, 422))
    assert rows() == []
    assert send(support, fields_of(support, decision="leave", reason="Theirs")).status_code == 303
    [made] = rows()
    assert (made.decision, made.reason) == ("leave", "Theirs")


def test_a_difference_that_moved_since_is_refused(support: FlaskClient, too_much: Invoice) -> None:
    sent = fields_of(support, decision="carry")
    with transaction():
        bill_differently(too_much, 1200)
    assert send(support, sent).status_code == 409
    assert rows() == []


@pytest.mark.usefixtures("limit_of_200")
def test_above_the_limit_a_second_person_approves(
    support: FlaskClient, admin: FlaskClient, acme: Organization, issued: Invoice
) -> None:
    with transaction():
        bill_differently(issued, 30_000)
    assert "Above $200.00, a second person approves." in text_of(page(support.get(PATH)))
    proposed = send(support, fields_of(support, decision="carry"))
    assert "/proposals/" in proposed.location
    assert rows() == []
    before = current_invoice(acme).total_cents
    approve(admin, proposed.location)
    [made] = rows()
    assert (made.decision, made.cents) == ("carry", 30_000)
    assert current_invoice(acme).total_cents == before - 30_000


@pytest.mark.usefixtures("limit_of_200")
def test_what_cannot_be_decided_is_not_proposed(support: FlaskClient, issued: Invoice) -> None:
    with transaction():
        bill_differently(issued, -30_000)
    refused = send(support, fields_of(support, decision="credit"))
    assert "nothing to credit" in text_of(page(refused, 422))
    assert "/proposals/" in send(support, fields_of(support, decision="carry")).location

"""Support takes a credit note of an open invoice back: seen first, done once."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from dashboard.billing.credit_note_models import CreditNote
from dashboard.billing.credit_note_void import refuse_void
from dashboard.billing.credit_notes import WantedNote, plan_note
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.factories import SUPPORT
from tests.pages import page, post, text_of
from tests.support.credit_notes import hear
from tests.support.issued_bills import ADDRESS, issue_first, issued
from tests.support.proposing import add, approve
from tests.support.stripe_acts import tell

__all__ = ["issued"]


def noted(invoice: Invoice, cents: int) -> CreditNote:
    """Credit so much of the invoice's largest item."""
    largest = max(invoice.items, key=lambda item: item.amount_cents)
    wanted = WantedNote({largest.id: cents}, reason="Outage")
    with transaction():
        made = plan_note(invoice, wanted, key="k", actor=SUPPORT, now=utc_now())
        hear(made)
    return made


@pytest.fixture
def note(issued: Invoice) -> CreditNote:
    """An issued note over 3.00."""
    return noted(issued, 300)


def void_of(note: CreditNote) -> str:
    return f"{ADDRESS}/credit-notes/{note.id}/void"


def test_a_note_offers_its_void_to_support_only(
    support: FlaskClient, customer: FlaskClient, note: CreditNote
) -> None:
    way = f"a[href='{void_of(note)}/new']"
    assert page(support.get(ADDRESS)).select(way)
    assert not page(customer.get(ADDRESS)).select(way)
    assert customer.get(f"{void_of(note)}/new").status_code == 403


def test_what_is_due_again_is_shown_before_it_is_done(
    support: FlaskClient, issued: Invoice, note: CreditNote
) -> None:
    said = text_of(page(support.get(f"{void_of(note)}/new")))
    assert "Void the credit note of $3.00" in said
    assert "The bill grows by $3.00" in said
    assert "Enter a reason" in text_of(page(post(support, void_of(note)), 422))
    db.session.refresh(note)
    assert note.void_asked_at is None


def test_asked_for_however_often_it_is_on_its_way_once(
    support: FlaskClient, customer: FlaskClient, note: CreditNote
) -> None:
    for _ in range(2):
        assert post(support, void_of(note), reason="Ticket 4712").status_code == 303
    db.session.refresh(note)
    assert note.void_asked_at is not None
    assert "A credit note of $3.00 is being voided" in text_of(page(support.get(ADDRESS)))
    assert "being voided" not in text_of(page(customer.get(ADDRESS)))
    assert not page(support.get(ADDRESS)).select(f"a[href='{void_of(note)}/new']")
    assert "is being voided" in text_of(page(support.get(f"{void_of(note)}/new")))
    trail = text_of(page(support.get("/audit-entries?organization=acme")))
    assert trail.count("The credit note of $3.00 is to be voided.") == 1


def test_a_void_that_stripe_refused_is_told(support: FlaskClient, note: CreditNote) -> None:
    post(support, void_of(note), reason="Ticket 4712")
    db.session.refresh(note)
    with transaction():
        refuse_void(note, "It is paid.", now=utc_now())
    said = text_of(page(support.get(ADDRESS)))
    assert "Stripe did not void a credit note of $3.00" in said
    assert "It is paid. It still counts." in said


def test_what_cannot_be_voided_says_why(
    support: FlaskClient, issued: Invoice, note: CreditNote
) -> None:
    with transaction():
        tell(issued, "paid", utc_now())
    said = text_of(page(support.get(f"{void_of(note)}/new")))
    assert "This credit note cannot be voided" in said
    assert "Add a charge." in said
    assert post(support, void_of(note), reason="Ticket 4712").status_code == 409
    assert support.get(f"{ADDRESS}/credit-notes/999999/void/new").status_code == 404


@pytest.mark.usefixtures("limit_of_200")
def test_above_the_limit_a_second_person_approves(
    support: FlaskClient, admin: FlaskClient, acme: Organization
) -> None:
    approve(admin, add(support, "900", "charge"))
    made = noted(issue_first(acme), 50_000)
    proposed = post(support, void_of(made), reason="Ticket 4712")
    assert "/proposals/" in proposed.location
    shown = text_of(page(admin.get(proposed.location)))
    assert "Void of a credit note" in shown
    assert "The bill grows by $500.00" in shown
    db.session.refresh(made)
    assert made.void_asked_at is None
    approve(admin, proposed.location)
    db.session.refresh(made)
    assert made.void_asked_at is not None


@pytest.mark.usefixtures("limit_of_200")
def test_a_void_that_waits_for_a_second_person_is_moot_once_somebody_was_quicker(
    support: FlaskClient, admin: FlaskClient, acme: Organization
) -> None:
    approve(admin, add(support, "900", "charge"))
    made = noted(issue_first(acme), 50_000)
    proposed = post(support, void_of(made), reason="Ticket 4712")
    with transaction():
        hear(made, "void")
    said = text_of(page(admin.get(proposed.location)))
    assert "only an issued one can be voided" in said

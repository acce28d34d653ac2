"""Support takes an issued invoice back and bills it again: seen first, done once."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from dashboard.billing.models import Invoice
from dashboard.billing.reissue_end import refuse_reissue
from dashboard.billing.reissue_models import Reissue
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.gateway.note_records import NoteDraft, NotePreview
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.pages import page, post, text_of
from tests.support.credit_notes import hear, pay
from tests.support.issued_bills import ADDRESS, issue_first, issued
from tests.support.proposing import add, approve
from tests.support.stripe_acts import tell

__all__ = ["issued"]


@pytest.fixture
def paid(issued: Invoice) -> Invoice:
    """The same, paid by card."""
    with transaction():
        pay(issued)
    return issued


class Stripe:
    """Says of a note what the product should, or something else."""

    lowers = 0

    def preview_credit_note(self, draft: NoteDraft) -> NotePreview:
        return NotePreview(draft.amount_cents, self.lowers, draft.amount_cents - self.lowers)


@pytest.fixture
def stripe(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Stripe:
    gateway = Stripe()
    monkeypatch.setitem(app.extensions, "page_gateway", gateway)
    return gateway


def fields_of(client: FlaskClient, **fields: str) -> dict[str, str]:
    """Return the form as its page carries it, filled in."""
    soup = page(client.get(f"{ADDRESS}/reissues/new"))
    kept = {name: str(soup.select_one(f"[name={name}]")["value"]) for name in ("key", "confirmed")}
    return kept | {"reason": "Ticket 4711", **fields}


def send(client: FlaskClient, fields: dict[str, str]):
    return post(client, f"{ADDRESS}/reissues", **fields)


def rows() -> list[Reissue]:
    db.session.expire_all()
    return list(db.session.scalars(select(Reissue).order_by(Reissue.id)))


def test_an_issued_invoice_offers_it_to_support_only(
    support: FlaskClient, customer: FlaskClient, issued: Invoice
) -> None:
    way = f"a[href='{ADDRESS}/reissues/new']"
    assert text_of(page(support.get(ADDRESS)).select_one(way)) == "Void and reissue…"
    assert not page(customer.get(ADDRESS)).select(way)
    assert customer.get(f"{ADDRESS}/reissues/new").status_code == 403
    assert send(customer, {"reason": "Mine"}).status_code == 403


def test_what_it_does_is_shown_before_it_is_done(support: FlaskClient, issued: Invoice) -> None:
    said = text_of(page(support.get(f"{ADDRESS}/reissues/new")))
    total = f"${issued.total_cents / 100:,.2f}"
    assert f"Voids F-0001 {total}" in said
    assert f"Bills again, on invoice 2 {total}" in said
    assert "Differs Nothing" in said
    assert f"Reissue {total}" in said
    assert rows() == []


def test_confirmed_it_is_planned_once_however_often_it_is_sent(
    support: FlaskClient, customer: FlaskClient, issued: Invoice
) -> None:
    fields = fields_of(support)
    for _ in range(2):
        assert send(support, fields).status_code == 303
    [row] = rows()
    assert (row.state, row.way, row.reason) == ("planned", "void", "Ticket 4711")
    assert row.taken_cents == issued.total_cents
    assert "is being taken back at Stripe" in text_of(page(support.get(ADDRESS)))
    assert "taken back" not in text_of(page(customer.get(ADDRESS)))
    # Another form, of another person who looked at the same time.
    said = text_of(page(send(support, fields | {"key": "another"}), 409))
    assert "It cannot be reissued" in said
    with transaction():
        tell(issued, "void", utc_now())
    said = text_of(page(support.get(ADDRESS)))
    assert "Billed on invoice 2" in said
    assert "Void and reissue" not in said
    [row] = rows()
    assert row.state == "done"
    assert send(support, fields).status_code == 303


def test_without_a_reason_it_is_said_beside_the_field(
    support: FlaskClient, issued: Invoice
) -> None:
    soup = page(send(support, fields_of(support, reason="")), 422)
    assert soup.select_one("#reason-error")
    assert rows() == []


def test_what_has_changed_since_it_was_shown_is_shown_again(
    support: FlaskClient, issued: Invoice, stripe: Stripe
) -> None:
    fields = fields_of(support)
    with transaction():
        pay(issued)
    soup = page(send(support, fields))
    assert "This has changed since it was shown" in text_of(soup)
    assert "a credit note takes back what is left" in text_of(soup)
    assert rows() == []


def test_what_somebody_voided_since_is_billed_anew_at_once(
    support: FlaskClient, issued: Invoice
) -> None:
    fields = fields_of(support)
    with transaction():
        tell(issued, "void", utc_now())
    assert send(support, fields).status_code == 303
    [row] = rows()
    assert (row.state, row.billed_cents) == ("done", issued.total_cents)


def test_a_paid_one_is_credited_as_stripe_says_too(
    support: FlaskClient, paid: Invoice, stripe: Stripe
) -> None:
    assert "Credit and reissue…" in text_of(page(support.get(ADDRESS)))
    fields = fields_of(support, paid_part="balance")
    assert fields["confirmed"] == ""
    soup = page(send(support, fields))
    assert "Stripe says the same of the credit note" in text_of(soup)
    assert "is credited to the balance" in text_of(soup)
    fields["confirmed"] = str(soup.select_one("[name=confirmed]")["value"])
    # Another way for the money was not shown.
    assert send(support, fields | {"paid_part": "refund"}).status_code == 200
    assert rows() == []
    assert send(support, fields).status_code == 303
    [row] = rows()
    assert row.note is not None
    assert (row.way, row.note.balance_cents) == ("credit", row.taken_cents)
    with transaction():
        hear(row.note)
    assert "Taken back and billed again" in text_of(page(support.get(ADDRESS)))
    [row] = rows()
    assert row.state == "done"


def test_nothing_can_be_confirmed_that_stripe_does_not(
    support: FlaskClient, paid: Invoice, stripe: Stripe
) -> None:
    stripe.lowers = 5
    soup = page(send(support, fields_of(support)))
    assert "Stripe would do something else" in text_of(soup)
    assert not soup.select_one("[name=confirmed]")["value"]


def test_one_that_was_refused_says_why_and_may_be_tried_again(
    support: FlaskClient, issued: Invoice
) -> None:
    send(support, fields_of(support))
    with transaction():
        refuse_reissue(rows()[0], "It was paid meanwhile.", now=utc_now())
    assert "It was paid meanwhile." in text_of(page(support.get(ADDRESS)))
    assert send(support, fields_of(support)).status_code == 303
    assert [row.state for row in rows()] == ["refused", "planned"]


def test_of_what_has_tax_its_page_says_what_to_do(
    support: FlaskClient, paid: Invoice, stripe: Stripe
) -> None:
    with transaction():
        paid.tax_cents = 100
    soup = page(support.get(f"{ADDRESS}/reissues/new"))
    assert "It cannot be reissued" in text_of(soup)
    assert "has tax on it" in text_of(soup)
    assert soup.select_one(f"a[href='{ADDRESS}/credit-notes/new']")


@pytest.mark.usefixtures("limit_of_200")
def test_above_the_limit_a_second_person_approves(
    support: FlaskClient, admin: FlaskClient, acme: Organization
) -> None:
    approve(admin, add(support, "900", "charge"))
    invoice = issue_first(acme)
    assert "a second person approves" in text_of(page(support.get(f"{ADDRESS}/reissues/new")))
    proposed = send(support, fields_of(support))
    assert "/proposals/" in proposed.location
    assert rows() == []
    shown = text_of(page(admin.get(proposed.location)))
    assert "Reissue of an invoice of" in shown
    assert "its items are billed again" in shown
    approve(admin, proposed.location)
    [row] = rows()
    assert (row.state, row.way) == ("planned", "void")
    assert row.taken_cents == invoice.total_cents

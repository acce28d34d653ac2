"""Support credits an issued invoice: seen here and at Stripe first, done once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from dashboard.billing.credit_note_models import CreditNote
from dashboard.billing.credit_notes import refuse_note
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.gateway.errors import OutcomeUnknown, Refused
from dashboard.gateway.note_records import NoteDraft, NotePreview
from dashboard.organizations.models import Organization
from dashboard.services.detach import detach_service
from dashboard.services.models import Service
from dashboard.transaction import transaction
from tests.factories import SUPPORT
from tests.pages import page, post, text_of
from tests.support.issued_bills import ADDRESS, issue_first, issued
from tests.support.proposing import add, approve

__all__ = ["issued"]


class Stripe:
    """Says of a note what the product should, or another thing, or nothing."""

    def __init__(self, due: int = 10**9) -> None:
        self.due = due
        self.error: Exception | None = None
        self.asked: list[NoteDraft] = []

    def preview_credit_note(self, draft: NoteDraft) -> NotePreview:
        self.asked.append(draft)
        if self.error is not None:
            raise self.error
        lowers = min(draft.amount_cents, self.due)
        return NotePreview(draft.amount_cents, lowers, draft.amount_cents - lowers)


@pytest.fixture
def stripe(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Stripe:
    gateway = Stripe()
    monkeypatch.setitem(app.extensions, "page_gateway", gateway)
    return gateway


def fields_of(support: FlaskClient, **fields: str) -> dict[str, str]:
    """Return the form as its page carries it, filled in."""
    soup = page(support.get(f"{ADDRESS}/credit-notes/new"))
    key = str(soup.select_one("[name=key]")["value"])
    return {"key": key, "reason": "Ticket 4711", "memo": "For the outage", **fields}


def send(support: FlaskClient, fields: dict[str, str]):
    return post(support, f"{ADDRESS}/credit-notes", **fields)


def confirmed(support: FlaskClient, fields: dict[str, str]) -> dict[str, str]:
    """Return the form as its preview carries it."""
    answer = send(support, fields)
    assert answer.status_code == 200, text_of(answer)
    return fields | {"confirmed": str(page(answer).select_one("[name=confirmed]")["value"])}


def notes() -> list[CreditNote]:
    db.session.expire_all()
    return list(db.session.scalars(select(CreditNote).order_by(CreditNote.id)))


def test_an_issued_invoice_offers_it_to_support_only(
    support: FlaskClient, customer: FlaskClient, issued: Invoice
) -> None:
    way = f"a[href='{ADDRESS}/credit-notes/new']"
    assert page(support.get(ADDRESS)).select(way)
    assert not page(customer.get(ADDRESS)).select(way)
    assert customer.get(f"{ADDRESS}/credit-notes/new").status_code == 403


def test_what_it_does_is_shown_before_it_is_done(
    support: FlaskClient, issued: Invoice, stripe: Stripe
) -> None:
    fields = fields_of(support, amount="10.00")
    said = text_of(page(send(support, fields)))
    assert "What this credit note does" in said
    assert "Lowers what is due $10.00 $10.00" in said
    assert notes() == []
    [asked] = stripe.asked
    assert (asked.amount_cents, asked.memo) == (1000, "For the outage")


def test_the_preview_says_where_the_bill_that_follows_grows(
    support: FlaskClient, issued: Invoice, stripe: Stripe
) -> None:
    fee = next(item for item in issued.items if item.service_id)
    with transaction():
        service = db.session.get_one(Service, fee.service_id)
        at = issued.period_start + timedelta(days=2)
        detach_service(service, at=at, now=utc_now(), actor=SUPPORT)
    fields = fields_of(support, **{f"item-{fee.id}": "1.00"})
    said = text_of(page(send(support, fields)))
    assert "The bill that follows grows by $1.00." in said
    assert "grows by" not in text_of(page(send(support, fields_of(support, amount="0.00")), 422))


def test_confirmed_it_is_planned_once_however_often_it_is_sent(
    support: FlaskClient, issued: Invoice, stripe: Stripe
) -> None:
    fields = confirmed(support, fields_of(support, amount="10.00"))
    for _ in range(2):
        assert send(support, fields).status_code == 303
    [note] = notes()
    assert (note.state, note.amount_cents, note.reason) == ("planned", 1000, "Ticket 4711")
    assert sum(line.amount_cents for line in note.lines) == 1000
    assert "is being issued" in text_of(page(support.get(ADDRESS)))


def test_single_items_can_be_credited(
    support: FlaskClient, issued: Invoice, stripe: Stripe
) -> None:
    item = issued.items[0]
    fields = confirmed(support, fields_of(support, **{f"item-{item.id}": "1.00"}))
    assert send(support, fields).status_code == 303
    [note] = notes()
    assert [(line.item_id, line.amount_cents) for line in note.lines] == [(item.id, 100)]


def test_zero_beside_an_item_takes_nothing_off_it(
    support: FlaskClient, issued: Invoice, stripe: Stripe
) -> None:
    one, two = (f"item-{item.id}" for item in issued.items[:2])
    typed = fields_of(support, **{one: "0"})
    assert "Enter one amount for the whole" in text_of(page(send(support, typed), 422))
    fields = confirmed(support, fields_of(support, **{one: "1.00", two: "0.00"}))
    assert send(support, fields).status_code == 303
    assert [line.item_id for line in notes()[0].lines] == [issued.items[0].id]


def test_what_was_changed_after_the_preview_is_shown_again(
    support: FlaskClient, issued: Invoice, stripe: Stripe
) -> None:
    fields = confirmed(support, fields_of(support, amount="10.00"))
    assert send(support, fields | {"amount": "12.00"}).status_code == 200
    assert notes() == []


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        (OutcomeUnknown("Stripe did not answer."), "Stripe did not answer."),
        (Refused("A payment is under way."), "A payment is under way."),
        (None, "Stripe would do something else"),
    ],
)
def test_nothing_can_be_confirmed_that_stripe_does_not(
    support: FlaskClient, issued: Invoice, stripe: Stripe, trouble, says
) -> None:
    stripe.error = trouble
    stripe.due = 400
    soup = page(send(support, fields_of(support, amount="10.00")))
    assert says in text_of(soup)
    assert not soup.select_one("[name=confirmed]")["value"]
    assert "Preview the credit note" in text_of(soup)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({}, "Enter one amount for the whole invoice, or amounts for single items."),
        ({"amount": "ten"}, "Enter the amount in digits"),
        ({"amount": "-1"}, "above zero"),
        ({"amount": "100000.00"}, "can still be credited"),
        ({"amount": "1.00", "refund": "x"}, "Enter the amount in digits"),
        ({"amount": "1.00", "reason": ""}, "Enter a reason"),
        ({"amount": "1.00", "key": ""}, "Part of the form is missing"),
        ({"amount": "1.00", "key": "proposal:7"}, "Part of the form is missing"),
    ],
)
def test_what_is_typed_wrong_is_said_beside_it(
    support: FlaskClient, issued: Invoice, stripe: Stripe, typed, says
) -> None:
    answer = send(support, fields_of(support) | typed)
    assert says in text_of(page(answer, 422))
    assert notes() == []
    assert stripe.asked == []


def test_both_ways_at_once_are_refused(
    support: FlaskClient, issued: Invoice, stripe: Stripe
) -> None:
    item = issued.items[0]
    typed = fields_of(support, amount="1.00", **{f"item-{item.id}": "1.00"})
    assert "Both were filled in" in text_of(page(send(support, typed), 422))
    typed = fields_of(support, **{f"item-{item.id}": "many"})
    soup = page(send(support, typed), 422)
    assert soup.select_one(f"[name=item-{item.id}]")["value"] == "many"


def test_the_invoice_tells_of_a_note_under_way_and_of_one_refused(
    support: FlaskClient, customer: FlaskClient, issued: Invoice, stripe: Stripe
) -> None:
    send(support, confirmed(support, fields_of(support, amount="10.00")))
    assert "being issued" in text_of(page(support.get(ADDRESS)))
    assert "being issued" not in text_of(page(customer.get(ADDRESS)))
    with transaction():
        refuse_note(notes()[0], "A payment is under way.", now=utc_now())
    said = text_of(page(support.get(ADDRESS)))
    assert "Stripe refused a credit note of $10.00" in said
    assert "A payment is under way." in said


@pytest.mark.usefixtures("limit_of_200")
def test_above_the_limit_a_second_person_approves(
    support: FlaskClient, admin: FlaskClient, acme: Organization, stripe: Stripe
) -> None:
    approve(admin, add(support, "900", "charge"))
    issue_first(acme)
    fields = fields_of(support, amount="500.00")
    assert "a second person approves" in text_of(page(send(support, fields)))
    proposed = send(support, confirmed(support, fields))
    assert "/proposals/" in proposed.location
    assert notes() == []
    shown = text_of(page(admin.get(proposed.location)))
    assert "Credit note" in shown
    assert "The bill shrinks by $500.00" in shown
    approve(admin, proposed.location)
    [note] = notes()
    assert (note.state, note.amount_cents) == ("planned", 50_000)


def test_what_does_not_fit_is_said_beside_the_field_and_kept(
    support: FlaskClient, issued: Invoice, stripe: Stripe
) -> None:
    item = issued.items[0]
    for typed, field in (
        ({f"item-{item.id}": "9999.00"}, "amount"),
        ({"amount": "1.00", "balance": "0.50"}, "refund"),
    ):
        soup = page(send(support, fields_of(support, **typed)), 422)
        assert soup.select_one(f"#{field}-error"), typed
        assert soup.select_one("[name=reason]").text.strip() == "Ticket 4711"
    assert item.description in text_of(
        page(send(support, fields_of(support, **{f"item-{item.id}": "9999.00"})), 422)
    )


def test_a_form_that_was_used_does_not_stand_for_another_amount(
    support: FlaskClient, issued: Invoice, stripe: Stripe
) -> None:
    fields = confirmed(support, fields_of(support, amount="6.00"))
    assert send(support, fields).status_code == 303
    assert send(support, fields | {"amount": "60.00"}).status_code == 409
    assert [note.amount_cents for note in notes()] == [600]


def test_while_one_is_in_progress_no_other_is_offered(
    support: FlaskClient, issued: Invoice, stripe: Stripe
) -> None:
    send(support, confirmed(support, fields_of(support, amount="1.00")))
    soup = page(support.get(f"{ADDRESS}/credit-notes/new"))
    assert "Another credit note is in progress" in text_of(soup)
    assert not soup.select("[name=amount]")


def test_of_very_many_items_the_largest_are_fields_and_the_amount_covers_all(
    support: FlaskClient, issued: Invoice, stripe: Stripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.forms.credit_note.MOST_ITEMS", 1)
    soup = page(support.get(f"{ADDRESS}/credit-notes/new"))
    assert len(soup.select("[name^=item-]")) == 1
    assert "These are the 1 largest of" in text_of(soup)

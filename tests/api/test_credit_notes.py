"""A sub-system credits an issued invoice through the API, once."""

from __future__ import annotations

import pytest

from dashboard.billing.close import seal_now
from dashboard.billing.credit_note_models import CreditNote
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.transaction import transaction
from tests.api.conftest import Caller
from tests.support.api_story import set_up
from tests.support.credit_notes import hear
from tests.support.stripe_acts import tell

PATH = "/organizations/acme/invoices/1"
NOTE = {"amount_cents": 300, "reason": "Ticket 4711", "memo": "For the outage", "key": "n-1"}


@pytest.fixture
def issued(caller: Caller) -> str:
    """An issued invoice of two charges, 9.00 and 1.00; return the key of the first."""
    set_up(caller)
    for cents, key in ((900, "a"), (100, "b")):
        charge = {"amount_cents": cents, "description": "Setup", "reason": "New", "key": key}
        assert caller.post("/organizations/acme/adjustments", charge).status_code == 201
    with transaction():
        invoice = db.session.query(Invoice).one()
        seal_now(invoice, now=invoice.period_end)
        tell(invoice, "open", utc_now())
    return str(caller.get(PATH).json["items"][0]["key"])


def test_an_amount_is_spread_over_the_items_and_a_repeat_is_the_same_note(
    caller: Caller, issued: str
) -> None:
    first = caller.post(f"{PATH}/credit-notes", NOTE)
    assert (first.status_code, first.json["state"], first.json["amount_cents"]) == (
        201, "planned", 300,
    )  # fmt: skip
    assert [one["amount_cents"] for one in first.json["items"]] == [270, 30]
    again = caller.post(f"{PATH}/credit-notes", NOTE)
    assert (again.status_code, again.json["id"]) == (201, first.json["id"])
    assert [one["id"] for one in caller.get(PATH).json["credit_notes"]] == [first.json["id"]]
    other = caller.post(f"{PATH}/credit-notes", NOTE | {"amount_cents": 301})
    assert (other.status_code, other.json["code"]) == (409, "key_reused")


def test_single_items_are_credited_by_their_key(caller: Caller, issued: str) -> None:
    sent = {"items": [{"item": issued, "amount_cents": 50}], "reason": "Asked"}
    made = caller.post(f"{PATH}/credit-notes", sent, Idempotency_Key="n-2")
    assert made.status_code == 201, made.json
    assert made.json["items"] == [{"item": issued, "amount_cents": 50}]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"amount_cents": None}, "items"),
        ({"items": [{"item": "x", "amount_cents": 1}]}, "items"),
        ({"amount_cents": None, "items": [{"item": "x", "amount_cents": 1}]}, "items"),
        ({"amount_cents": 1001}, "amount_cents"),
        ({"balance_cents": 1}, "shares"),
        ({"key": None}, "key"),
        ({"key": "proposal:1"}, "key"),
    ],
)
def test_what_cannot_be_credited_is_refused_by_name(
    caller: Caller, issued: str, changed: dict[str, object], field: str
) -> None:
    sent = {name: value for name, value in (NOTE | changed).items() if value is not None}
    refused = caller.post(f"{PATH}/credit-notes", sent)
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, field), refused.json
    assert "Nothing was" in refused.json["detail"]
    assert caller.get(PATH).json["credit_notes"] == []


def test_an_item_is_named_once(caller: Caller, issued: str) -> None:
    twice = [{"item": issued, "amount_cents": 1}] * 2
    refused = caller.post(f"{PATH}/credit-notes", {"items": twice, "reason": "Asked", "key": "k"})
    assert refused.status_code == 422
    assert "named twice" in refused.json["detail"]


def test_a_draft_has_no_credit_note(caller: Caller) -> None:
    set_up(caller)
    refused = caller.post(f"{PATH}/credit-notes", NOTE)
    assert (refused.status_code, refused.json["code"]) == (409, "not_creditable")


def test_a_note_is_voided_once_however_often_that_is_asked(caller: Caller, issued: str) -> None:
    made = caller.post(f"{PATH}/credit-notes", NOTE).json["id"]
    way = f"{PATH}/credit-notes/{made}/void"
    early = caller.post(way, {"reason": "A mistake"})
    assert (early.status_code, early.json["code"]) == (409, "not_voidable")
    with transaction():
        hear(db.session.get_one(CreditNote, made))
    assert caller.post(way, {}).status_code == 422
    first, again = (caller.post(way, {"reason": "A mistake"}) for _ in range(2))
    assert (first.status_code, first.json["state"]) == (202, "issued")
    assert first.json["void_asked_at"] == again.json["void_asked_at"] is not None
    with transaction():
        hear(db.session.get_one(CreditNote, made), "void")
    [note] = caller.get(PATH).json["credit_notes"]
    assert (note["state"], note["void_asked_at"]) == ("void", None)
    assert caller.post(f"{PATH}/credit-notes/{made + 1}/void", {"reason": "x"}).status_code == 404

"""A sub-system corrects a bill that Stripe made differently through the API, once."""

from __future__ import annotations

import pytest

from dashboard.billing.close import seal_now
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.transaction import transaction
from tests.api.conftest import Caller
from tests.support.api_story import set_up
from tests.support.differences import bill_differently
from tests.support.stripe_acts import tell

PATH = "/organizations/acme/invoices/1/difference"
WANTED = {"decision": "carry", "cents": 1000, "key": "d-1"}


@pytest.fixture
def issued(caller: Caller) -> Invoice:
    """An issued invoice of one charge of 9.00, on which Stripe billed 10.00 more."""
    set_up(caller)
    charge = {"amount_cents": 900, "description": "Setup", "reason": "New", "key": "a"}
    assert caller.post("/organizations/acme/adjustments", charge).status_code == 201
    with transaction():
        invoice = db.session.query(Invoice).one()
        seal_now(invoice, now=invoice.period_end)
        tell(invoice, "open", utc_now())
        bill_differently(invoice, 1000)
    return invoice


def test_it_says_what_can_be_done(caller: Caller, issued: Invoice) -> None:
    shown = caller.get(PATH).json
    assert (shown["stripe_cents"], shown["ledger_cents"], shown["cents"]) == (1900, 900, 1000)
    assert (shown["credit"]["due_before_cents"], shown["credit"]["due_after_cents"]) == (1900, 900)
    assert shown["carry"]["cents"] == -1000


def test_a_repeated_key_decides_once(caller: Caller, issued: Invoice) -> None:
    carried = caller.get(PATH).json["carry"]
    first = caller.post(f"{PATH}/decisions", WANTED)
    assert (first.status_code, first.json["decision"]) == (201, "carry")
    again = caller.post(f"{PATH}/decisions", WANTED)
    assert (again.status_code, again.json["id"]) == (201, first.json["id"])
    other = caller.post(f"{PATH}/decisions", WANTED | {"decision": "leave", "reason": "No"})
    assert (other.status_code, other.json["code"]) == (409, "key_reused")
    assert caller.get(PATH).json["cents"] == 0
    current = caller.get("/organizations/acme/invoices/2").json
    assert current["total_cents"] == carried["current_after_cents"]


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"cents": 999}, 409),
        ({"decision": "leave"}, 422),
        ({"decision": "void"}, 422),
        ({"key": "difference:1:1"}, 422),
    ],
)
def test_what_does_not_fit_is_refused(
    caller: Caller, issued: Invoice, changed: dict[str, object], status: int
) -> None:
    assert caller.post(f"{PATH}/decisions", WANTED | changed).status_code == status
    assert caller.get(PATH).json["cents"] == 1000

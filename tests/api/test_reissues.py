"""A sub-system takes an issued invoice back and has it billed again through the API, once."""

from __future__ import annotations

import pytest

from dashboard.billing.close import seal_now
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.transaction import transaction
from tests.api.conftest import Caller
from tests.support.api_story import set_up
from tests.support.stripe_acts import tell

PATH = "/organizations/acme/invoices/1"
WANTED = {"cents": 900, "way": "void", "reason": "Ticket 4711", "key": "r-1"}


@pytest.fixture
def issued(caller: Caller) -> Invoice:
    """An issued invoice of one charge of 9.00."""
    set_up(caller)
    charge = {"amount_cents": 900, "description": "Setup", "reason": "New", "key": "a"}
    assert caller.post("/organizations/acme/adjustments", charge).status_code == 201
    with transaction():
        invoice = db.session.query(Invoice).one()
        seal_now(invoice, now=invoice.period_end)
        tell(invoice, "open", utc_now())
    return invoice


def test_the_preview_says_what_is_taken_back_and_billed_anew(
    caller: Caller, issued: Invoice
) -> None:
    shown = caller.get(f"{PATH}/reissues/preview").json
    assert (shown["way"], shown["cents"], shown["billed_cents"]) == ("void", 900, 900)
    [line] = shown["lines"]
    assert (line["before_cents"], line["after_cents"]) == (0, 900)
    assert "Setup, from void invoice" in line["description"]


def test_it_is_planned_once_and_read_again_says_that_it_is_done(
    caller: Caller, issued: Invoice
) -> None:
    first = caller.post(f"{PATH}/reissues", WANTED)
    assert (first.status_code, first.json["state"], first.json["way"]) == (201, "planned", "void")
    again = caller.post(f"{PATH}/reissues", WANTED)
    assert (again.status_code, again.json["id"]) == (201, first.json["id"])
    other = caller.post(f"{PATH}/reissues", WANTED | {"reason": "Another"})
    assert (other.status_code, other.json["code"]) == (409, "key_reused")
    with transaction():
        tell(issued, "void", utc_now())
    [told] = caller.get(PATH).json["reissues"]
    assert (told["state"], told["cents"], told["billed_cents"]) == ("done", 900, 900)
    assert caller.get(PATH).json["void"]["state"] == "billed"


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"cents": 899}, 409, "stale"),
        ({"way": "credit"}, 409, "stale"),
        ({"reason": " "}, 422, "invalid_body"),
        ({"key": "reissue:1"}, 422, "invalid"),
        ({"paid_part": "gone"}, 422, "invalid_body"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(
    caller: Caller, issued: Invoice, changed: dict[str, object], status: int, code: str
) -> None:
    refused = caller.post(f"{PATH}/reissues", WANTED | changed)
    assert (refused.status_code, refused.json["code"]) == (status, code), refused.json
    assert caller.get(PATH).json["reissues"] == []


def test_a_draft_is_not_taken_back(caller: Caller) -> None:
    set_up(caller)
    refused = caller.post(f"{PATH}/reissues", WANTED)
    assert (refused.status_code, refused.json["code"]) == (409, "not_reissuable")

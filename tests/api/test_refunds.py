"""A sub-system refunds a paid invoice through the API, once."""

from __future__ import annotations

import pytest

from dashboard.billing.close import seal_now
from dashboard.billing.corrections import keep_payments
from dashboard.billing.models import Invoice
from dashboard.billing.refund_models import Refund
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.gateway.records import RemotePayment
from dashboard.transaction import transaction
from tests.api.conftest import Caller
from tests.support.api_story import set_up
from tests.support.refunds import hear_refund
from tests.support.stripe_acts import tell

PATH = "/organizations/acme/invoices/1"
WANTED = {"amount_cents": 500, "purpose": "duplicate", "reason": "Ticket 4711", "key": "m-1"}


@pytest.fixture
def paid(caller: Caller) -> Invoice:
    """An invoice of one charge of 9.00, paid by a card."""
    set_up(caller)
    charge = {"amount_cents": 900, "description": "Setup", "reason": "New", "key": "a"}
    assert caller.post("/organizations/acme/adjustments", charge).status_code == 201
    with transaction():
        invoice = db.session.query(Invoice).one()
        seal_now(invoice, now=invoice.period_end)
        tell(invoice, "open", utc_now())
        tell(invoice, "paid", utc_now())
        keep_payments(invoice, [payment_of(invoice, "pi_1", 900)])
    return invoice


def payment_of(invoice: Invoice, by: str, cents: int) -> RemotePayment:
    return RemotePayment(f"inpay_{by}", str(invoice.stripe_invoice_id), "paid", by, False, cents)


def test_the_preview_says_what_is_left_of_each_payment(caller: Caller, paid: Invoice) -> None:
    shown = caller.get(f"{PATH}/refunds/preview").json
    assert shown == {
        "left_cents": 900,
        "payments": [
            {
                "payment": "inpay_pi_1", "paid_by": "pi_1", "paid_cents": 900,
                "refunded_cents": 0, "left_cents": 900, "why_not": None,
            }
        ],
    }  # fmt: skip


def test_it_is_planned_once_and_read_again_says_how_far_it_is(
    caller: Caller, paid: Invoice
) -> None:
    first = caller.post(f"{PATH}/refunds", WANTED)
    assert (first.status_code, first.json["state"], first.json["payment"]) == (
        201, "planned", "inpay_pi_1",
    )  # fmt: skip
    again = caller.post(f"{PATH}/refunds", WANTED)
    assert (again.status_code, again.json["id"]) == (201, first.json["id"])
    other = caller.post(f"{PATH}/refunds", WANTED | {"amount_cents": 501})
    assert (other.status_code, other.json["code"]) == (409, "key_reused")
    with transaction():
        hear_refund(db.session.query(Refund).one(), "pending")
    [told] = caller.get(PATH).json["refunds"]
    assert (told["state"], told["status"], told["amount_cents"]) == ("made", "pending", 500)
    assert caller.get(PATH).json["refunded_cents"] == 500
    assert caller.post(f"{PATH}/refunds", WANTED).json["state"] == "made"


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"amount_cents": 901}, 422, "invalid"),
        ({"amount_cents": 0}, 422, "invalid_body"),
        ({"purpose": "gift"}, 422, "invalid_body"),
        ({"reason": " "}, 422, "invalid_body"),
        ({"payment": "inpay_x"}, 422, "invalid"),
        ({"key": "proposal:1"}, 422, "invalid"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(
    caller: Caller, paid: Invoice, changed: dict[str, object], status: int, code: str
) -> None:
    refused = caller.post(f"{PATH}/refunds", WANTED | changed)
    assert (refused.status_code, refused.json["code"]) == (status, code), refused.json
    assert caller.get(PATH).json["refunds"] == []


def test_of_several_payments_one_is_named(caller: Caller, paid: Invoice) -> None:
    with transaction():
        paid.amount_paid_cents = 1800
        keep_payments(paid, [payment_of(paid, "pi_2", 900)])
    refused = caller.post(f"{PATH}/refunds", WANTED)
    assert (refused.status_code, refused.json["code"]) == (422, "invalid")
    made = caller.post(f"{PATH}/refunds", WANTED | {"payment": "inpay_pi_2"})
    assert (made.status_code, made.json["payment"]) == (201, "inpay_pi_2")


def test_what_is_not_paid_is_not_refunded(caller: Caller) -> None:
    set_up(caller)
    for refused in (
        caller.post(f"{PATH}/refunds", WANTED), caller.get(f"{PATH}/refunds/preview"),
    ):  # fmt: skip
        assert (refused.status_code, refused.json["code"]) == (409, "not_refundable")

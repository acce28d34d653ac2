"""How much of a paid invoice can be refunded, to which payment, and why no more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dashboard.billing.correction_models import InvoicePayment
from dashboard.billing.corrections import keep_correction
from dashboard.billing.credit_room import room_of
from dashboard.billing.models import Invoice
from dashboard.billing.outcome import put_on_hold
from dashboard.billing.refund_room import NotRefundable, refund_room_of
from dashboard.billing.refund_sums import refunds_of
from dashboard.billing.refunds import WantedRefund, check_refund
from dashboard.billing.settle import How, settle
from dashboard.errors import Invalid
from dashboard.extensions import db as database
from dashboard.gateway.records import RemoteCorrection
from tests.factories import SUPPORT
from tests.support.credit_notes import hear, issued, plan
from tests.support.refunds import (
    PAYMENT,
    disputed,
    hear_refund,
    paid,
    pay_also,
    refund,
    theirs,
    told_of,
)
from tests.support.stripe_acts import tell
from tests.support.void_cases import LATER, organization

__all__ = ["issued", "organization", "paid"]


def left(invoice: Invoice) -> int:
    return refund_room_of(invoice).left_of(PAYMENT)


def why(invoice: Invoice) -> str:
    [payment] = refund_room_of(invoice).payments
    return payment.why_not


def test_all_that_was_paid_can_go_back(paid: Invoice) -> None:
    room = refund_room_of(paid)
    assert (room.most, left(paid), room.refundable[0].paid_by) == (2561, 2561, "pi_1")


@pytest.mark.parametrize("status", ["open", "uncollectible", "void"])
def test_only_of_a_paid_one_anything_is_refunded(issued: Invoice, status: str) -> None:
    tell(issued, status, LATER)
    with pytest.raises(NotRefundable, match="only what a paid one got"):
        refund_room_of(issued)


def test_what_stripe_calls_unpaid_again_is_not_refunded(paid: Invoice) -> None:
    paid.stripe_status = "open"
    with pytest.raises(NotRefundable, match="by now that it is open"):
        refund_room_of(paid)


def test_what_is_on_hold_is_not_refunded(paid: Invoice) -> None:
    put_on_hold(paid, "money_back_of_several", "A refund belongs to two invoices.", now=LATER)
    with pytest.raises(NotRefundable, match="A refund belongs to two invoices"):
        refund_room_of(paid)


def test_what_was_refunded_before_is_not_refunded_again(paid: Invoice) -> None:
    keep_correction(paid, theirs(1000))
    hear_refund(refund(paid, 500))
    assert left(paid) == 1061
    keep_correction(paid, theirs(1061, 2))
    assert (left(paid), why(paid)) == (0, "All of it went back already.")


@pytest.mark.parametrize("status", ["failed", "canceled"])
def test_what_failed_can_be_refunded_again(paid: Invoice, status: str) -> None:
    hear_refund(refund(paid, 2561))
    assert left(paid) == 0
    row = refund_of(paid)
    hear_refund(row, status)
    assert left(paid) == 2561


@pytest.mark.parametrize(("how", "expected"), [("returned", 1561), ("not_owed", 2561)])
def test_what_failed_and_a_person_returned_is_not_refunded_again(
    paid: Invoice, how: How, expected: int
) -> None:
    hear_refund(refund(paid, 1000))
    failed = refund_of(paid)
    hear_refund(failed, "failed")
    one = keep_correction(paid, told_of(failed, "failed")).row
    settle(one, how=how, reason="By hand", actor=SUPPORT, now=LATER)
    assert left(paid) == expected
    assert refund_room_of(paid).given.otherwise == 2561 - expected
    # A note may not return it either.
    room = room_of(paid, paid.items)
    assert (room.refundable, room.most) == (expected, expected)


def test_what_a_note_refunded_and_a_person_returned_counts_once(paid: Invoice) -> None:
    hear(plan(paid, 1000, refund_cents=1000))
    failed = keep_correction(paid, theirs(1000, status="failed")).row
    settle(failed, how="returned", reason="By hand", actor=SUPPORT, now=LATER)
    assert left(paid) == 1561
    assert (room_of(paid, paid.items).most, room_of(paid, paid.items).refundable) == (1561, 1561)


@pytest.mark.parametrize("status", ["pending", "requires_action"])
def test_what_is_not_through_yet_counts_as_gone(paid: Invoice, status: str) -> None:
    hear_refund(refund(paid, 2000), status)
    assert left(paid) == 561


def test_what_a_note_gave_back_counts_wherever_it_went(paid: Invoice) -> None:
    note = plan(paid, 1000, refund_cents=600, balance_cents=300, outside_cents=100)
    hear(note, balance_cents=300)
    assert left(paid) == 1561
    # The refund that the note made is told by itself later, and counts once.
    keep_correction(paid, theirs(600))
    assert left(paid) == 1561


def test_a_note_and_a_refund_of_ours_that_is_told_first_are_two(paid: Invoice) -> None:
    hear_refund(refund(paid, 600))
    hear(plan(paid, 600, refund_cents=600))
    assert left(paid) == 2561 - 1200
    assert room_of(paid, paid.items).refundable == 2561 - 1200
    assert room_of(paid, paid.items).most == 2561 - 1200


def test_what_a_note_refunded_and_the_bank_sent_back_can_be_refunded_again(paid: Invoice) -> None:
    hear(plan(paid, 1000, refund_cents=1000))
    keep_correction(paid, theirs(1000, status="failed"))
    assert left(paid) == 2561
    assert (room_of(paid, paid.items).most, room_of(paid, paid.items).refundable) == (1561, 2561)
    hear_refund(refund(paid, 1000))
    assert left(paid) == 1561
    assert room_of(paid, paid.items).most == 561


@pytest.mark.parametrize(("refunded", "balance"), [(400, 0), (0, 400), (200, 200), (0, 0)])
def test_a_note_made_at_stripe_counts_as_far_as_it_gave_back(
    paid: Invoice, refunded: int, balance: int
) -> None:
    note = RemoteCorrection(
        kind="credit_note", id="cn_theirs", status="issued", amount_cents=400, reason=None,
        made_at=LATER, stripe_invoice_id=paid.stripe_invoice_id, post_payment_cents=400,
        balance_cents=balance,
    )  # fmt: skip
    keep_correction(paid, note)
    assert left(paid) == 2161
    if refunded:
        keep_correction(paid, theirs(refunded))
    assert left(paid) == 2161


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("needs_response", 0), ("under_review", 0), ("warning_needs_response", 2561),
        ("warning_under_review", 2561), ("lost", 0),
        ("appeal_needs_response", 0), ("prevented", 0), ("won", 2561), ("warning_closed", 2561),
        ("a_new_word", 0),
    ],
)  # fmt: skip
def test_what_a_bank_asks_back_is_not_refunded_beside_it(
    paid: Invoice, status: str, expected: int
) -> None:
    keep_correction(paid, disputed(status, 100))
    assert left(paid) == expected
    assert expected or "A refund would return it twice" in why(paid)


def test_what_is_on_the_balance_as_overpaid_is_not_refunded_too(paid: Invoice) -> None:
    paid.amount_paid_cents, paid.overpaid_cents = 3561, 1000
    pay_also(paid, 1000, "pi_2")
    room = refund_room_of(paid)
    assert (room.most, room.overpaid_cents) == (2561, 1000)
    # What is left is what was owed, for goodwill alone: the second payment is on the balance, and
    # as a duplicate it was refunded on top of that.
    for purpose in ("duplicate", "overpaid"):
        for payment in (PAYMENT, "inpay_pi_2"):
            with pytest.raises(Invalid, match="on the customer's balance") as refused:
                check_refund(WantedRefund(payment, 1000, purpose, "Paid twice"), room)
            assert refused.value.facts["field"] == "purpose"
    check_refund(WantedRefund(PAYMENT, 1000, "goodwill", "Ticket 4711"), room)
    keep_correction(paid, theirs(2061))
    assert [one.left_cents for one in refund_room_of(paid).payments] == [500, 500]
    assert refund_room_of(paid).most == 500


def test_each_payment_gets_back_no_more_than_it_paid(paid: Invoice) -> None:
    paid.amount_paid_cents = 5122
    pay_also(paid, 2561, "pi_2")
    keep_correction(paid, theirs(2000))
    keep_correction(paid, theirs(1, 2, paid_by="pi_2"))
    lefts = [one.left_cents for one in refund_room_of(paid).payments]
    assert lefts == [561, 2560]


def test_what_was_told_before_payments_were_kept_counts_against_each(paid: Invoice) -> None:
    paid.amount_paid_cents = 5122
    pay_also(paid, 2561, "pi_2")
    keep_correction(paid, replace(theirs(2000), paid_by=None))
    assert [one.left_cents for one in refund_room_of(paid).payments] == [561, 561]


def test_no_payment_of_several_invoices_is_refunded(paid: Invoice) -> None:
    other = InvoicePayment(
        organization_id=paid.organization_id, invoice_id=paid.id, stripe_id="inpay_x",
        paid_by="pi_1", amount_paid_cents=5, is_paid=False,
    )  # fmt: skip
    database.session.add(other)
    database.session.flush()
    assert left(paid) == 2561
    other.invoice_id = next_of(paid).id
    database.session.flush()
    assert "It paid 2 invoices" in why(paid)


@pytest.mark.parametrize(
    ("by", "facts", "says"),
    [
        (None, {"off_stripe": True}, "paid outside Stripe"),
        (None, {}, "has not said what it was paid by"),
    ],
)
def test_what_stripe_cannot_give_back_is_said_to_be_so(
    paid: Invoice, by: str | None, facts: dict, says: str
) -> None:
    paid.amount_paid_cents = 5122
    pay_also(paid, 2561, by, id="inpay_other", **facts)
    other = next(one for one in refund_room_of(paid).payments if one.id == "inpay_other")
    assert other.left_cents == 0
    assert says in other.why_not


def refund_of(invoice: Invoice):
    return refunds_of(invoice)[-1]


def next_of(invoice: Invoice) -> Invoice:
    query = database.session.query(Invoice).filter(
        Invoice.organization_id == invoice.organization_id, Invoice.id != invoice.id
    )
    return query.first()

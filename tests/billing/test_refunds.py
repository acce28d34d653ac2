"""A refund of a paid invoice outside a credit note: planned once, made once, the bill untouched."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from dashboard.audit.models import AuditEntry
from dashboard.billing.corrections import keep_correction
from dashboard.billing.models import Invoice
from dashboard.billing.payment_facts import payment_of
from dashboard.billing.refund_room import NotRefundable, refund_room_of
from dashboard.billing.refunds import (
    RefundKeyReused,
    WantedRefund,
    check_refund,
    follow_refund,
    refuse_refund,
    why_not_now,
)
from dashboard.errors import Busy, Invalid
from dashboard.extensions import db as database
from dashboard.organizations.models import Organization
from tests.support.credit_notes import current_cents, issued, plan
from tests.support.refunds import PAYMENT, disputed, hear_refund, paid, refund, theirs, told_of
from tests.support.reissues import reissue
from tests.support.void_cases import LATER, organization

__all__ = ["issued", "organization", "paid"]


def acts(invoice: Invoice) -> list[str]:
    query = select(AuditEntry.action).where(AuditEntry.action.startswith("refund."))
    return list(database.session.scalars(query.order_by(AuditEntry.id)))


def test_it_is_planned_and_changes_nothing_before_stripe_made_it(paid: Invoice) -> None:
    row = refund(paid, 1000, purpose="duplicate")
    assert (row.state, row.purpose, row.payment, row.paid_by, row.reason) == (
        "planned", "duplicate", PAYMENT, "pi_1", "Ticket 4711",
    )  # fmt: skip
    assert (paid.refunded_cents, acts(paid)) == (0, ["refund.planned"])


def test_made_it_is_told_of_the_invoice_whose_bill_stays(
    paid: Invoice, organization: Organization
) -> None:
    next_bill = current_cents(organization)
    before = (paid.status, paid.total_cents, [item.credited_cents for item in paid.items])
    row = refund(paid, 1000)
    hear_refund(row)
    assert (row.state, row.stripe_id, row.ended_at) == ("made", f"re_{row.id}", LATER)
    assert (paid.refunded_cents, payment_of(paid, LATER).kind) == (1000, "partly_refunded")
    assert before == (paid.status, paid.total_cents, [one.credited_cents for one in paid.items])
    # Nothing of it is asked for again, nor given back twice.
    assert current_cents(organization) == next_bill
    assert acts(paid) == ["refund.planned", "refund.made"]


def test_the_same_key_is_one_refund_and_no_other(paid: Invoice) -> None:
    row = refund(paid, 1000)
    assert refund(paid, 1000).id == row.id
    for other in ({"purpose": "duplicate"}, {"payment": "inpay_x"}):
        with pytest.raises(RefundKeyReused, match="used for another refund"):
            refund(paid, 1000, **other)
    with pytest.raises(RefundKeyReused):
        refund(paid, 999)
    hear_refund(row)
    assert refund(paid, 1000).state == "made"
    assert acts(paid) == ["refund.planned", "refund.made"]


@pytest.mark.parametrize(
    ("cents", "others", "says"),
    [
        (2562, {}, r"\$25\.61 of this payment can still be refunded"),
        (0, {}, "above zero"),
        (-1, {}, "above zero"),
        (10, {"reason": " "}, "needs a reason"),
        (10, {"purpose": "other"}, "what the refund is for"),
        (10, {"payment": "inpay_x"}, "no payment of this invoice"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(paid: Invoice, cents, others, says) -> None:
    with pytest.raises(Invalid, match=says) as refused:
        refund(paid, cents, **others)
    assert "Nothing was changed." in refused.value.message
    assert acts(paid) == []


def test_of_what_a_bank_asks_back_nothing_is_refunded(paid: Invoice) -> None:
    keep_correction(paid, disputed("needs_response", 2561))
    with pytest.raises(Invalid, match="return it twice"):
        refund(paid, 10)


def test_what_is_not_paid_is_not_refunded(issued: Invoice) -> None:
    with pytest.raises(NotRefundable, match="Issue a credit note"):
        refund(issued, 10)


def test_what_cannot_be_charged_in_a_currency_is_not_refunded_in_it(paid: Invoice) -> None:
    room = replace(refund_room_of(paid), currency="isk")
    with pytest.raises(Invalid, match="cannot be given back in ISK"):
        check_refund(WantedRefund(PAYMENT, 1050, "goodwill", "Asked"), room)


def test_one_thing_of_an_invoice_is_under_way_at_a_time(paid: Invoice) -> None:
    row = refund(paid, 1000)
    with pytest.raises(Busy):
        refund(paid, 100, key="k2")
    with pytest.raises(Busy):
        plan(paid, 100, key="n", refund_cents=100)
    with pytest.raises(Busy):
        reissue(paid, 2561)
    hear_refund(row)
    plan(paid, 100, key="n", refund_cents=100)
    with pytest.raises(Busy):
        refund(paid, 100, key="k3")


def test_stripe_tells_of_it_in_any_order_and_often(paid: Invoice) -> None:
    row = refund(paid, 1000)
    hear_refund(row, "succeeded")
    hear_refund(row, "pending")
    hear_refund(row, "succeeded")
    assert (row.state, paid.refunded_cents) == ("made", 1000)
    hear_refund(row, "failed")
    assert (row.state, paid.refunded_cents, payment_of(paid, LATER).kind) == ("made", 0, "paid")
    hear_refund(row, "succeeded")
    assert paid.refunded_cents == 0
    assert acts(paid) == ["refund.planned", "refund.made"]


@pytest.mark.parametrize(
    "claim",
    [
        {"installation": "another"}, {"installation": None}, {"refund": "x"}, {"refund": None},
        {"amount_cents": 999}, {"paid_by": "pi_2"},
    ],
)  # fmt: skip
def test_what_only_claims_to_be_ours_is_not(paid: Invoice, claim: dict) -> None:
    row = refund(paid, 1000)
    assert not follow_refund(paid, told_of(row, **claim), now=LATER)
    assert row.state == "planned"


def test_one_that_is_found_at_stripe_after_it_was_refused_here_is_made(paid: Invoice) -> None:
    row = refund(paid, 1000)
    refuse_refund(row, "Stripe refused: no.", now=LATER)
    assert (row.state, row.error, acts(paid)[-1]) == (
        "refused", "Stripe refused: no.", "refund.refused",
    )  # fmt: skip
    hear_refund(row)
    assert (row.state, row.error, paid.refunded_cents) == ("made", None, 1000)


def test_a_planned_one_that_does_not_fit_any_more_says_why(paid: Invoice) -> None:
    row = refund(paid, 1000)
    assert why_not_now(row, paid) is None
    keep_correction(paid, theirs(2000))
    said = why_not_now(row, paid) or ""
    assert "$5.61 of this payment can still be refunded" in said
    assert "Nothing was refunded." in said
    paid.stripe_status = "open"
    assert "by now that it is open" in (why_not_now(row, paid) or "")

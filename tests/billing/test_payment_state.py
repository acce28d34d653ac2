"""The one state of a bill's payment, from its facts and the time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.billing.payment_state import (
    OWED,
    Kind,
    PaymentFacts,
    decline_code_of,
    is_to_confirm,
    payment_state,
)

NOW = datetime(2030, 4, 15, 12, tzinfo=UTC)
ISSUED = NOW - timedelta(days=10)
LATE, SOON, LATER = NOW - timedelta(days=3), NOW + timedelta(days=3), NOW + timedelta(days=20)
OPEN = PaymentFacts(
    status="open", remote_status="open", total_cents=5000, remaining_cents=5000, finalized_at=ISSUED
)
PAID = PaymentFacts(
    status="paid", remote_status="paid", total_cents=5000, paid_cents=5000, finalized_at=ISSUED
)
DECLINED: dict[str, Any] = {"failure": "Declined.", "failed_at": ISSUED, "attempts": 1}


def kind_of(facts: PaymentFacts, **others: Any) -> str:
    """Return the state of these facts with others in place of some."""
    return payment_state(replace(facts, **others), NOW).kind


@pytest.mark.parametrize("status", ["draft", "closing", "sealed"])
def test_what_is_not_issued_is_not_asked_for(status: str) -> None:
    assert kind_of(OPEN, status=status) == "not_issued"


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({}, "charging"),
        ({"due_at": LATER}, "due"),
        ({"due_at": SOON}, "due_soon"),
        ({"due_at": LATE}, "past_due"),
        ({"paid_cents": 2000, "remaining_cents": 3000}, "partly_paid"),
        ({"paid_cents": 2000, "remaining_cents": 3000, "due_at": LATE}, "past_due"),
        (DECLINED, "declined"),
        (DECLINED | {"due_at": LATE}, "past_due"),
        (DECLINED | {"confirm_at": ISSUED}, "confirm"),
        ({"confirm_at": ISSUED}, "confirm"),
        (DECLINED | {"decline_code": "authentication_required"}, "confirm"),
        (DECLINED | {"failed_at": NOW, "confirm_at": ISSUED}, "declined"),
    ],
)
def test_an_open_bill_is_in_one_state(facts: dict[str, Any], kind: str) -> None:
    assert kind_of(OPEN, **facts) == kind


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({}, "paid"),
        ({"outside_cents": 5000}, "paid_outside"),
        ({"outside_cents": 2000}, "paid"),
        ({"paid_cents": 0, "credited_cents": 5000}, "credited"),
        ({"refunded_cents": 100}, "partly_refunded"),
        ({"refunded_cents": 5000}, "refunded"),
        ({"disputed_cents": 5000}, "disputed"),
        ({"disputed_cents": 5000, "refunded_cents": 5000}, "disputed"),
        ({"charged_back_cents": 5000}, "charged_back"),
        ({"charged_back_cents": 5000, "disputed_cents": 10}, "disputed"),
        ({"total_cents": -500, "paid_cents": 0}, "credit"),
        ({"total_cents": 0, "paid_cents": 0, "remote_status": None}, "empty"),
        ({"remote_status": "open", "remaining_cents": 5000}, "unpaid_again"),
    ],
)
def test_a_paid_bill_is_in_one_state(facts: dict[str, Any], kind: str) -> None:
    assert kind_of(PAID, **facts) == kind


def test_a_bill_that_is_sent_is_late_from_its_due_date() -> None:
    state = payment_state(replace(OPEN, due_at=LATE), NOW)
    assert (state.late_since, state.days_late(NOW)) == (LATE, 3)
    assert payment_state(replace(OPEN, due_at=SOON), NOW).late_since is None


def test_one_that_is_charged_is_late_from_its_issue_once_an_attempt_came_to_nothing() -> None:
    assert payment_state(OPEN, NOW).late_since is None
    declined = payment_state(replace(OPEN, **DECLINED), NOW)
    assert (declined.late_since, declined.days_late(NOW)) == (ISSUED, 10)
    assert payment_state(replace(OPEN, confirm_at=NOW), NOW).late_since == ISSUED


def test_to_the_second_of_its_due_date_it_is_not_late() -> None:
    assert kind_of(OPEN, due_at=NOW) == "due_soon"
    assert kind_of(OPEN, due_at=NOW - timedelta(seconds=1)) == "past_due"


def test_an_attempt_in_the_past_or_of_a_deleted_customer_is_none() -> None:
    ahead = replace(OPEN, **DECLINED, next_attempt_at=SOON)
    assert payment_state(ahead, NOW).next_attempt_at == SOON
    assert payment_state(replace(ahead, next_attempt_at=LATE), NOW).next_attempt_at is None
    assert payment_state(replace(ahead, is_off_portal=True), NOW).next_attempt_at is None
    assert payment_state(replace(ahead, status="uncollectible"), NOW).next_attempt_at is None


def test_what_a_bank_said_is_of_its_own_attempt_alone() -> None:
    told = {"code": "expired_card", "at": ISSUED.timestamp()}
    assert decline_code_of(told, ISSUED + timedelta(seconds=5)) == "expired_card"
    assert decline_code_of(told, ISSUED + timedelta(days=3)) is None
    assert decline_code_of(None, ISSUED) is None


def test_a_bank_that_asks_for_the_customer_waits_until_another_attempt() -> None:
    assert is_to_confirm(ISSUED, ISSUED + timedelta(seconds=9), None)
    assert not is_to_confirm(ISSUED, ISSUED + timedelta(hours=1), "expired_card")
    assert not is_to_confirm(None, ISSUED, "expired_card")


instants = st.sampled_from((None, LATE, ISSUED, NOW, SOON, LATER))
cents = st.sampled_from((0, 1, 2500, 5000))


@given(
    facts=st.builds(
        PaymentFacts,
        status=st.sampled_from(
            ("draft", "closing", "sealed", "open", "paid", "uncollectible", "void")
        ),
        remote_status=st.sampled_from((None, "open", "paid", "uncollectible", "void")),
        total_cents=st.sampled_from((-5000, 0, 5000)),
        remaining_cents=cents, paid_cents=cents, outside_cents=cents, credited_cents=cents,
        refunded_cents=cents, disputed_cents=cents, charged_back_cents=cents,
        due_at=instants, finalized_at=instants, failed_at=instants, confirm_at=instants,
        next_attempt_at=instants, failure=st.sampled_from((None, "Declined.")),
        decline_code=st.sampled_from((None, "expired_card", "authentication_required", "odd")),
        is_off_portal=st.booleans(),
    )
)  # fmt: skip
def test_any_facts_are_in_one_state_that_has_sense(facts: PaymentFacts) -> None:
    state = payment_state(facts, NOW)
    assert state.kind in get_args(Kind)
    assert state == payment_state(facts, NOW)
    assert state.owed_cents == (facts.remaining_cents if state.kind in OWED else 0)
    if state.late_since is not None:
        assert state.owed_cents > 0
        assert facts.status in ("open", "uncollectible")
        assert state.days_late(NOW) >= 0
    if facts.status == "void":
        assert state.kind == "void"

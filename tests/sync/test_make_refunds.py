"""A refund is made at Stripe exactly once, whatever happens to its call."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import select

from dashboard.billing.corrections import keep_correction
from dashboard.billing.models import Invoice
from dashboard.billing.refund_models import Refund
from dashboard.billing.refund_room import refund_room_of
from dashboard.billing.refunds import WantedRefund, follow_refund, plan_refund
from dashboard.clock import utc_now
from dashboard.errors import Busy
from dashboard.extensions import db
from dashboard.gateway.errors import GatewayError
from dashboard.sync.calls import perform
from dashboard.sync.make_refunds import make_refund, planned_before
from dashboard.sync.models import SyncStep
from dashboard.sync.stripe_calls import call_of
from dashboard.sync.stripe_calls.refunds import MakeRefund
from dashboard.transaction import transaction
from tests.factories import SUPPORT
from tests.support.inbox import deliver, on_record
from tests.support.money import happened
from tests.support.notes_at_stripe import ask, issued, pay
from tests.support.refunds import disputed
from tests.support.syncing import Syncer

__all__ = ["issued"]
TO_REFUNDS = "/v1/refunds$"


@pytest.fixture
def paid(issued: Invoice, syncer: Syncer) -> Invoice:
    """A bill of 42.00, paid by a card at Stripe."""
    pay(issued, syncer)
    return issued


def plan(bill: Invoice, cents: int = 1500, *, key: str = "k", purpose: str = "duplicate") -> Refund:
    [payment] = refund_room_of(bill).refundable
    with transaction():
        wanted = WantedRefund(payment.id, cents, purpose, "Ticket 4711")
        return plan_refund(bill, wanted, key=key, actor=SUPPORT, now=utc_now())


def make(row: Refund, syncer: Syncer) -> None:
    """Try to make it once, as its job does."""
    with suppress(Busy, GatewayError), syncer.work_on(row.invoice) as work:
        make_refund(row, work)
    db.session.refresh(row)


def refunded(bill: Invoice) -> int:
    db.session.refresh(bill)
    return bill.refunded_cents


def at_stripe(row: Refund, syncer: Syncer) -> list[tuple[int, str]]:
    """Return the refunds that Stripe has of its payment."""
    return [(one.amount_cents, one.status) for one in syncer.gateway.refunds(row.paid_by)]


def test_it_is_one_call_with_its_reason_and_its_number(paid: Invoice, syncer: Syncer) -> None:
    row = plan(paid)
    syncer.operations()
    make(row, syncer)
    assert syncer.operations() == ["POST POST /v1/refunds"]
    [there] = ask(syncer, "get", "refunds", payment_intent=row.paid_by)["data"]
    assert (there["amount"], there["reason"], there["metadata"]["dashboard_refund"]) == (
        1500, "duplicate", str(row.id),
    )  # fmt: skip
    assert (row.state, row.stripe_id, refunded(paid)) == ("made", there["id"], 1500)
    make(row, syncer)
    assert at_stripe(row, syncer) == [(1500, "succeeded")]


def test_goodwill_is_what_the_customer_asked_for(paid: Invoice, syncer: Syncer) -> None:
    make(plan(paid, purpose="goodwill"), syncer)
    [there] = ask(syncer, "get", "refunds")["data"]
    assert there["reason"] == "requested_by_customer"


@pytest.mark.parametrize(
    "fault", ["drop_before", "drop_after", "error_before", "error_after", "rate_limited"]
)
@pytest.mark.parametrize("ahead", [timedelta(), timedelta(hours=23)])
def test_whatever_happens_to_the_call_there_is_one_refund(
    paid: Invoice, syncer: Syncer, fault: str, ahead: timedelta
) -> None:
    row = plan(paid)
    kind, status = (fault, {}) if fault != "rate_limited" else ("error_before", {"status": 429})
    rule = syncer.simulator.fault(kind, TO_REFUNDS, method="POST", **status)
    make(row, syncer)
    assert (row.state, refunded(paid)) == ("planned", 0)
    make(row, syncer)
    syncer.simulator.delete(f"faults/{rule}")
    make(row, Syncer(syncer.gateway, syncer.simulator, ahead=ahead))
    assert (row.state, refunded(paid)) == ("made", 1500)
    assert at_stripe(row, syncer) == [(1500, "succeeded")]
    steps = select(SyncStep).where(SyncStep.operation == MakeRefund.operation)
    assert all(step.outcome for step in db.session.scalars(steps))


@pytest.mark.parametrize("dies_after", [1, 2, 3])
def test_a_worker_that_dies_between_two_transactions_leaves_one_refund(
    paid: Invoice, syncer: Syncer, dies_after: int
) -> None:
    """Whatever was committed is all that is left: the lease ends, and another worker goes on."""
    row = plan(paid)
    with suppress(SystemExit), syncer.work_on(row.invoice, commits=dies_after) as work:
        make_refund(row, work)
    make(row, Syncer(syncer.gateway, syncer.simulator, ahead=timedelta(minutes=2)))
    assert (row.state, refunded(paid)) == ("made", 1500)
    assert at_stripe(row, syncer) == [(1500, "succeeded")]


def fail_without_doing_it(row: Refund, syncer: Syncer, fault: str) -> None:
    rule = syncer.simulator.fault(fault, TO_REFUNDS, method="POST")
    make(row, syncer)
    syncer.simulator.delete(f"faults/{rule}")


@pytest.mark.parametrize("dies_after", [None, *range(2, 7)])
def test_one_made_anew_after_an_error_is_made_once(
    paid: Invoice, syncer: Syncer, dies_after: int | None
) -> None:
    """The second call is lost, or its worker dies: only one of both is ever open."""
    row = plan(paid)
    fail_without_doing_it(row, syncer, "error_before")
    if dies_after is None:
        fail_without_doing_it(row, syncer, "drop_before")
    else:
        with suppress(SystemExit), syncer.work_on(row.invoice, commits=dies_after) as work:
            make_refund(row, work)
    still_open = select(SyncStep).where(SyncStep.outcome.is_(None))
    assert len(db.session.scalars(still_open).all()) <= 1
    make(row, Syncer(syncer.gateway, syncer.simulator, ahead=timedelta(minutes=2)))
    assert (row.state, refunded(paid)) == ("made", 1500)
    assert at_stripe(row, syncer) == [(1500, "succeeded")]


def test_a_call_of_one_that_was_made_since_is_read_back(paid: Invoice, syncer: Syncer) -> None:
    """Whatever key it was made under: this one Stripe may never have seen."""
    row = plan(paid)
    fail_without_doing_it(row, syncer, "drop_before")
    with syncer.work_on(row.invoice) as work:
        [made] = db.session.scalars(select(SyncStep).where(SyncStep.outcome.is_(None)))
        perform(work, call_of(made))
    make(row, syncer)
    assert at_stripe(row, syncer) == [(1500, "succeeded")]
    steps = select(SyncStep).where(SyncStep.operation == MakeRefund.operation)
    assert {step.outcome for step in db.session.scalars(steps)} == {"done", "read_back"}


def test_a_call_that_was_lost_is_not_sent_again_beside_a_dispute(
    paid: Invoice, syncer: Syncer
) -> None:
    row = plan(paid)
    fail_without_doing_it(row, syncer, "drop_before")
    with transaction():
        keep_correction(paid, disputed("needs_response", 100, paid_by=row.paid_by))
    syncer.operations()
    make(row, syncer)
    assert not [one for one in syncer.operations() if one.startswith("POST")]
    assert (row.state, at_stripe(row, syncer)) == ("refused", [])


@pytest.mark.parametrize("is_first", [True, False])
def test_the_event_may_come_before_the_reply_is_kept_or_after(
    paid: Invoice, syncer: Syncer, is_first: bool
) -> None:
    row = plan(paid)
    if is_first:
        rule = syncer.simulator.fault("drop_after", TO_REFUNDS, method="POST")
        make(row, syncer)
        syncer.simulator.delete(f"faults/{rule}")
    else:
        make(row, syncer)
    [told] = syncer.gateway.refunds(row.paid_by)
    with transaction():
        keep_correction(paid, told)
        assert follow_refund(paid, told, now=utc_now()) == is_first
    db.session.refresh(row)
    assert (row.state, refunded(paid)) == ("made", 1500)
    make(row, syncer)
    assert (at_stripe(row, syncer), refunded(paid)) == ([(1500, "succeeded")], 1500)


def test_what_stripe_refuses_gives_nothing_back_and_says_why(paid: Invoice, syncer: Syncer) -> None:
    row = plan(paid)
    # A person at Stripe is quicker, and no event told of it yet.
    refund_at_stripe(syncer, row, 4000)
    make(row, syncer)
    assert (row.state, refunded(paid)) == ("refused", 0)
    assert "greater than unrefunded amount" in (row.error or "")
    assert "Nothing was refunded." in (row.error or "")
    assert paid.parked_at is None


def test_one_that_is_refused_when_it_is_made_again_ends(paid: Invoice, syncer: Syncer) -> None:
    """Stripe failed without doing it; by the time that is found out, nothing is left."""
    row = plan(paid)
    rule = syncer.simulator.fault("error_before", TO_REFUNDS, method="POST")
    make(row, syncer)
    syncer.simulator.delete(f"faults/{rule}")
    refund_at_stripe(syncer, row, 4200)
    make(row, syncer)
    assert (row.state, refunded(paid)) == ("refused", 0)
    syncer.operations()
    make(row, syncer)
    steps = select(SyncStep).where(SyncStep.operation == MakeRefund.operation)
    assert all(step.outcome for step in db.session.scalars(steps))


def test_what_was_disputed_since_is_not_sent_at_all(paid: Invoice, syncer: Syncer) -> None:
    row = plan(paid)
    syncer.simulator.post("disputes", payment_intent=row.paid_by)
    told = next(one for one in happened(syncer) if one["type"] == "charge.dispute.created")
    deliver(syncer, told)
    syncer.operations()
    make(row, syncer)
    assert syncer.operations() == []
    assert row.state == "refused"
    assert "A refund would return it twice" in (row.error or "")


def test_a_call_that_is_read_back_is_not_made_again_beside_a_dispute(
    paid: Invoice, syncer: Syncer
) -> None:
    row = plan(paid)
    rule = syncer.simulator.fault("error_before", TO_REFUNDS, method="POST")
    make(row, syncer)
    syncer.simulator.delete(f"faults/{rule}")
    syncer.simulator.post("disputes", payment_intent=row.paid_by)
    deliver(syncer, next(one for one in happened(syncer) if "dispute.created" in one["type"]))
    syncer.operations()
    make(row, syncer)
    assert not [one for one in syncer.operations() if one.startswith("POST")]
    assert (row.state, at_stripe(row, syncer)) == ("refused", [])


def test_what_was_disputed_unheard_stripe_refuses(paid: Invoice, syncer: Syncer) -> None:
    row = plan(paid)
    syncer.simulator.post("disputes", payment_intent=row.paid_by)
    make(row, syncer)
    assert (row.state, at_stripe(row, syncer)) == ("refused", [])


def test_what_a_bank_only_inquires_about_is_refunded(paid: Invoice, syncer: Syncer) -> None:
    """It took nothing, and a refund is what ends its inquiry."""
    row = plan(paid)
    inquiry = {"payment_intent": row.paid_by, "status": "warning_needs_response"}
    syncer.simulator.post("disputes", **inquiry)
    deliver(syncer, next(one for one in happened(syncer) if "dispute.created" in one["type"]))
    make(row, syncer)
    assert (row.state, at_stripe(row, syncer)) == ("made", [(1500, "succeeded")])


def test_its_event_is_the_echo_of_what_was_planned_here(paid: Invoice, syncer: Syncer) -> None:
    row = plan(paid)
    rule = syncer.simulator.fault("drop_after", TO_REFUNDS, method="POST")
    make(row, syncer)
    syncer.simulator.delete(f"faults/{rule}")
    told = next(one for one in happened(syncer) if one["type"] == "refund.created")
    done = deliver(syncer, told)
    db.session.refresh(row)
    assert (done.state, row.state) == ("processed", "made")
    assert on_record("refund.made")[2]["status"] == "succeeded"


def test_that_it_failed_later_is_heard(paid: Invoice, syncer: Syncer) -> None:
    row = plan(paid)
    make(row, syncer)
    syncer.simulator.post(f"refunds/{row.stripe_id}/fail")
    told = next(one for one in happened(syncer) if one["type"] == "refund.failed")
    done = deliver(syncer, told)
    assert (done.result, refunded(paid)) == ("A refund of $15.00 is failed.", 0)


def test_a_lost_job_is_found_again(paid: Invoice) -> None:
    row = plan(paid)
    now = utc_now()
    assert planned_before(now - timedelta(seconds=20), most=10) == []
    assert planned_before(now + timedelta(seconds=1), most=10) == [row.id]


def refund_at_stripe(syncer: Syncer, row: Refund, cents: int) -> None:
    """Refund as somebody in Stripe's dashboard would."""
    ask(syncer, "post", "refunds", payment_intent=row.paid_by, amount=cents)

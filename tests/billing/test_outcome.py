"""What Stripe tells of an issued invoice moves it forward only, and its details in their order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dashboard.billing.close import seal_now
from dashboard.billing.corrections import has_unknown_payment
from dashboard.billing.models import Invoice
from dashboard.billing.outcome import (
    close_without_stripe,
    last_moved_at,
    note_failure,
    order,
    put_on_hold,
    record_reading,
    record_remote,
)
from dashboard.billing.void_models import VoidCase
from dashboard.extensions import db as database
from dashboard.gateway.records import RemoteInvoice
from dashboard.transaction import transaction
from tests.support.billing import make_bill, put
from tests.support.stripe_acts import remote, tell

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
EARLIER, LATER = NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)


@pytest.fixture
def bill(db: object) -> Invoice:
    """A sealed invoice of 40.00."""
    bill = make_bill()
    put(bill, a=4000)
    with transaction():
        seal_now(bill, now=bill.period_end)
        bill.stripe_invoice_id = "in_1"
    return bill


@pytest.fixture
def known(bill: Invoice) -> Invoice:
    """It is uncollectible, as an event of NOW told."""
    record_remote(bill, told(bill, "uncollectible", NOW), now=NOW)
    assert (bill.status, bill.stripe_status) == ("uncollectible", "uncollectible")
    return bill


def told(
    bill: Invoice, status: str, at: datetime | None, *, by: str | None = "evt_1", **facts: Any
) -> RemoteInvoice:
    """Return what an event of that second, or a reply, says."""
    return replace(remote(bill, status, **facts), as_of=at, event_id=by)


@pytest.mark.parametrize(
    ("status", "at", "by", "heard"),
    [
        # Of the same second: rank decides, and what is known already is not news.
        ("uncollectible", NOW, "evt_2", "older"),
        ("open", NOW, "evt_2", "older"),
        ("paid", NOW, "evt_2", "told"),
        # Of equal rank: time decides.
        ("uncollectible", EARLIER, "evt_2", "older"),
        ("uncollectible", LATER, "evt_2", "told"),
        # Rank against time: a reply of an earlier second is no older than it says, an event is.
        ("paid", LATER, "evt_2", "told"),
        ("paid", EARLIER, "evt_2", "unsure"),
        ("paid", EARLIER, None, "told"),
        ("open", LATER, "evt_2", "unsure"),
        ("open", EARLIER, "evt_2", "older"),
        # Of no second: only rank speaks.
        ("paid", None, None, "told"),
        ("uncollectible", None, None, "older"),
        ("open", None, None, "older"),
    ],
)
def test_rank_and_time_say_which_of_two_is_the_newer(
    known: Invoice, status: str, at: datetime | None, by: str | None, heard: str
) -> None:
    assert order(known, told(known, status, at, by=by)) == heard


def test_two_of_one_second_and_rank_that_differ_leave_it_open(known: Invoice) -> None:
    assert order(known, told(known, "uncollectible", NOW, amount_due=3000)) == "unsure"
    known.status = known.stripe_status = "paid"
    assert order(known, told(known, "void", NOW)) == "unsure"


def test_an_invoice_that_was_told_of_without_a_time_is_as_old_as_its_last_move(
    bill: Invoice,
) -> None:
    bill.status = bill.stripe_status = "open"
    bill.finalized_at = NOW
    assert order(bill, told(bill, "open", EARLIER)) == "older"
    # Nothing of its details was kept, so that anything of that second is news.
    assert order(bill, told(bill, "open", NOW)) == "told"
    bill.finalized_at = None
    assert order(bill, told(bill, "open", EARLIER)) == "told"


@pytest.mark.parametrize(
    ("known_as", "status", "heard"),
    [(None, "draft", "told"), ("draft", "open", "told"), ("open", "draft", "older"),
     ("open", "open", "told")],
)  # fmt: skip
def test_of_an_unfinished_invoice_only_rank_counts(
    bill: Invoice, known_as: str | None, status: str, heard: str
) -> None:
    bill.stripe_status, bill.stripe_told_at = known_as, NOW
    assert order(bill, told(bill, status, EARLIER)) == heard


def test_it_moved_last_when_it_reached_its_latest_state(bill: Invoice) -> None:
    assert last_moved_at(bill) is None
    for number, name in enumerate(("finalized", "uncollectible", "paid", "voided")):
        at = NOW + timedelta(days=number)
        setattr(bill, f"{name}_at", at)
        assert last_moved_at(bill) == at


@pytest.mark.parametrize("status", ["open", "uncollectible", "paid"])
def test_each_move_notes_when(bill: Invoice, status: str) -> None:
    bill.needs_verification = True
    bill.payment_failure = "Declined"
    assert record_remote(bill, told(bill, status, NOW), now=LATER) == "moved"
    assert (bill.status, bill.finalized_at, bill.needs_verification) == (status, LATER, False)
    assert bill.uncollectible_at == (LATER if status == "uncollectible" else None)
    assert bill.paid_at == (LATER if status == "paid" else None)
    assert (bill.payment_failure is None) == (status == "paid")


def test_stripes_own_instants_count_before_ours(bill: Invoice) -> None:
    for status, name in (("open", "finalized_at"), ("uncollectible", "uncollectible_at"),
                         ("paid", "paid_at")):  # fmt: skip
        record_remote(bill, replace(told(bill, status, None), **{name: EARLIER}), now=NOW)
        assert getattr(bill, name) == EARLIER
    tell(bill, "paid", LATER)
    assert bill.finalized_at == EARLIER


def test_void_lets_go_of_what_was_held_and_opens_its_case(bill: Invoice) -> None:
    put_on_hold(bill, "total_differs", "They differ.", now=NOW)
    remote = replace(told(bill, "void", NOW), voided_at=EARLIER)
    database.session.commit()
    assert record_remote(bill, remote, now=NOW) == "moved"
    assert (bill.status, bill.voided_at, bill.parked_code) == ("void", EARLIER, None)
    assert (bill.amount_due_cents, bill.amount_remaining_cents) == (0, 0)
    assert database.session.get_one(VoidCase, bill.id).cents == 4000


@pytest.mark.parametrize("before", ["paid", "void"])
@pytest.mark.parametrize("status", ["open", "uncollectible", "paid", "void"])
def test_what_ended_moves_no_more(bill: Invoice, before: str, status: str) -> None:
    bill.status = before
    assert record_remote(bill, told(bill, status, None), now=NOW, is_last=True) == "told"
    assert (bill.status, bill.paid_at, bill.voided_at) == (before, None, None)


@pytest.mark.parametrize("before", ["draft", "closing"])
def test_what_the_ledger_holds_open_is_not_moved_by_a_report(db: object, before: str) -> None:
    bill = make_bill()
    bill.status = before
    assert record_remote(bill, told(bill, "paid", NOW), now=NOW) == "told"
    assert (bill.status, bill.stripe_status, bill.parked_code) == (before, "paid", None)


def test_a_draft_tells_of_its_schedule_alone(bill: Invoice) -> None:
    bill.restores_schedule = True
    assert record_remote(bill, told(bill, "draft", NOW, number="F-9"), now=NOW) == "told"
    assert (bill.restores_schedule, bill.number, bill.stripe_told_by) == (True, None, "evt_1")
    ahead = replace(told(bill, "draft", LATER), automatically_finalizes_at=LATER)
    record_remote(bill, ahead, now=NOW)
    assert (bill.restores_schedule, bill.automatically_finalizes_at) == (False, LATER)


def test_a_reading_is_the_newer_where_order_can_not_tell(known: Invoice) -> None:
    unsure = told(known, "paid", EARLIER)
    assert record_remote(known, unsure, now=LATER) == "unsure"
    assert known.status == "uncollectible"
    assert record_reading(known, unsure, now=LATER) == "moved"
    assert (known.status, known.stripe_told_at) == ("paid", NOW)
    assert record_reading(known, told(known, "open", EARLIER), now=LATER) == "older"


def test_what_stripe_put_back_is_held_with_what_is_left_of_it(known: Invoice) -> None:
    known.status = "paid"
    back = told(known, "open", None, amount_remaining=1500)
    record_remote(known, back, now=NOW, is_last=True)
    assert (known.status, known.parked_code, known.parked_at) == ("paid", "status_went_back", NOW)
    assert "It was paid, and Stripe now says open with $15.00 still to pay" in str(
        known.parked_reason
    )
    record_remote(known, told(known, "paid", None), now=LATER, is_last=True)
    assert (known.parked_code, known.parked_at) == (None, None)


def test_what_is_held_for_something_else_stays_held(known: Invoice) -> None:
    put_on_hold(known, "revised_differently", "It asks for more.", now=NOW)
    record_remote(known, told(known, "uncollectible", LATER), now=LATER)
    assert known.parked_code == "revised_differently"


@pytest.mark.parametrize(
    ("status", "at_stripe", "replaced", "is_held"),
    [("uncollectible", "open", "in_0", False), ("uncollectible", "open", None, True),
     ("paid", "open", "in_0", True), ("paid", "uncollectible", "in_0", True)],
)  # fmt: skip
def test_only_an_edit_opens_an_uncollectible_invoice_again(
    bill: Invoice, status: str, at_stripe: str, replaced: str | None, is_held: bool
) -> None:
    bill.status, bill.replaced_stripe_id = status, replaced
    record_remote(bill, told(bill, at_stripe, None), now=NOW, is_last=True)
    assert (bill.status, bill.parked_code is not None) == (status, is_held)


@pytest.mark.parametrize("status", ["open", "uncollectible"])
def test_failed_attempts_are_counted_upward(bill: Invoice, status: str) -> None:
    bill.status = status
    note_failure(bill, 1, "Declined.", at=NOW)
    assert bill.payment_failure == "Declined (1 attempt so far)."
    note_failure(bill, 3, "Expired.", at=NOW)
    note_failure(bill, 2, "Declined.", at=NOW)
    assert (bill.failed_attempts, bill.payment_failure) == (3, "Expired (3 attempts so far).")
    note_failure(bill, 3, "Expired again.", at=NOW)
    assert bill.payment_failure == "Expired again (3 attempts so far)."


def test_a_failure_of_what_is_paid_is_counted_and_not_shown(bill: Invoice) -> None:
    bill.status = "paid"
    note_failure(bill, 2, "Declined.", at=NOW)
    assert (bill.failed_attempts, bill.payment_failure) == (2, None)


def test_what_bills_nothing_ends_without_stripe(bill: Invoice) -> None:
    bill.needs_verification = True
    close_without_stripe(bill, now=NOW)
    assert (bill.status, bill.finalized_at, bill.paid_at) == ("paid", NOW, NOW)
    assert (bill.amount_due_cents, bill.amount_paid_cents) == (0, 0)
    assert bill.needs_verification is False


def test_where_it_is_paid_and_printed_is_kept_as_told(bill: Invoice) -> None:
    tell(
        bill, "open", NOW, hosted_invoice_url="https://pay.test/1", invoice_pdf="https://pdf.test/1"
    )
    assert (bill.hosted_invoice_url, bill.invoice_pdf_url, bill.links_told_at) == (
        "https://pay.test/1",
        "https://pdf.test/1",
        NOW,
    )


def test_what_was_paid_elsewhere_as_stripe_told_is_no_unknown_payment(bill: Invoice) -> None:
    tell(bill, "paid", NOW)
    bill.paid_off_stripe_cents = 4000
    assert not has_unknown_payment(bill)
    bill.paid_off_stripe_cents = 3999
    assert has_unknown_payment(bill)

"""Events come in any order: what an invoice says in the end is what Stripe said last."""

from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.transaction import transaction
from dashboard.webhooks.reread import hold_lost
from tests.support.events import event
from tests.support.inbox import deliver, finalize, told
from tests.support.syncing import Syncer


def second() -> int:
    """Return a second in which nothing of the test has happened yet."""
    return int(utc_now().timestamp()) + 1000


def reads(syncer: Syncer) -> list[str]:
    """Return the reads since the log was emptied."""
    return [call for call in syncer.operations() if call.startswith("GET")]


def test_an_older_event_of_equal_rank_changes_nothing(open_bill: Invoice, syncer: Syncer) -> None:
    at = second()
    deliver(syncer, told(syncer, open_bill, "invoice.updated", at, amount_due=1245))
    deliver(syncer, told(syncer, open_bill, "invoice.updated", at - 600, amount_due=1745))
    assert open_bill.amount_due_cents == 1245


def test_the_attempts_of_an_older_failure_are_not_counted_again(
    open_bill: Invoice, syncer: Syncer
) -> None:
    at, kind = second(), "invoice.payment_failed"
    deliver(syncer, told(syncer, open_bill, kind, at, attempt_count=3))
    deliver(syncer, told(syncer, open_bill, kind, at - 600, attempt_count=1))
    assert "3 attempts" in str(open_bill.payment_failure)


def test_of_two_events_of_one_second_that_differ_neither_is_trusted(
    open_bill: Invoice, syncer: Syncer
) -> None:
    at = second()
    deliver(syncer, told(syncer, open_bill, "invoice.updated", at, amount_due=1245))
    other = told(syncer, open_bill, "invoice.updated", at, amount_due=1745)
    syncer.operations()
    deliver(syncer, other)
    assert reads(syncer) == ["GET GET /v1/invoices/{invoice}"]
    assert open_bill.amount_due_cents == 4000


def test_two_events_of_one_second_that_say_the_same_cost_no_read(
    open_bill: Invoice, syncer: Syncer
) -> None:
    at = second()
    updated = told(syncer, open_bill, "invoice.updated", at, amount_due=1245)
    finalized = event("invoice.finalized", updated["data"]["object"], created=at)
    syncer.operations()
    deliver(syncer, updated)
    deliver(syncer, finalized)
    assert reads(syncer) == []
    assert open_bill.amount_due_cents == 1245


def test_open_and_paid_in_one_second_are_told_apart_by_rank(
    open_bill: Invoice, syncer: Syncer
) -> None:
    at = second()
    facts = {"status": "paid", "amount_paid": 4000, "attempt_count": 1}
    paid = told(syncer, open_bill, "invoice.paid", at, **facts)
    finalized = told(syncer, open_bill, "invoice.finalized", at)
    syncer.operations()
    deliver(syncer, paid)
    deliver(syncer, finalized)
    assert (open_bill.status, open_bill.amount_paid_cents, reads(syncer)) == ("paid", 4000, [])


def test_a_paid_invoice_that_is_open_again_is_held_for_a_person(
    open_bill: Invoice, syncer: Syncer
) -> None:
    at = second()
    deliver(syncer, told(syncer, open_bill, "invoice.paid", at, status="paid", amount_paid=4000))
    # The simulator's invoice is still open: so it reads when asked.
    deliver(syncer, told(syncer, open_bill, "invoice.updated", at + 60))
    assert (open_bill.status, open_bill.parked_code) == ("paid", "status_went_back")
    assert "40.00" in str(open_bill.parked_reason)


def test_it_is_let_go_once_it_is_paid_again(open_bill: Invoice, syncer: Syncer) -> None:
    at = second()
    facts = {"status": "paid", "amount_paid": 4000, "amount_remaining": 0, "attempt_count": 1}
    deliver(syncer, told(syncer, open_bill, "invoice.paid", at, **facts))
    deliver(syncer, told(syncer, open_bill, "invoice.updated", at + 60))
    deliver(syncer, told(syncer, open_bill, "invoice.paid", at + 90, **facts))
    assert (open_bill.status, open_bill.parked_code) == ("paid", None)


def test_a_difference_is_held_again_once_nothing_else_holds_the_invoice(
    open_bill: Invoice, syncer: Syncer
) -> None:
    at = second()
    facts = {"status": "paid", "amount_paid": 4000, "amount_remaining": 0}
    facts |= {"total": 5000, "total_excluding_tax": 5000}
    deliver(syncer, told(syncer, open_bill, "invoice.paid", at, **facts, attempt_count=1))
    deliver(syncer, told(syncer, open_bill, "invoice.updated", at + 60, total=5000))
    assert open_bill.parked_code == "status_went_back"
    deliver(syncer, told(syncer, open_bill, "invoice.paid", at + 90, **facts, attempt_count=1))
    assert (open_bill.status, open_bill.parked_code) == ("paid", "billed_differently")


def test_what_stripe_seemed_to_have_lost_is_let_go_by_an_event_of_it(
    open_bill: Invoice, syncer: Syncer
) -> None:
    with transaction():
        hold_lost(open_bill, now=utc_now())
    facts = {"status": "paid", "amount_paid": 4000, "amount_remaining": 0, "attempt_count": 1}
    deliver(syncer, told(syncer, open_bill, "invoice.paid", second(), **facts))
    assert (open_bill.status, open_bill.parked_code) == ("paid", None)


def test_what_is_to_be_verified_of_a_draft_is_forgotten_once_it_is_issued(
    bill: Invoice, syncer: Syncer
) -> None:
    finalize(syncer, bill, a=4000)
    with transaction():
        bill.status, bill.needs_verification = "open", True
    deliver(syncer, told(syncer, bill, "invoice.paid", second(), status="paid", amount_paid=4000))
    assert (bill.status, bill.needs_verification) == ("paid", False)


def test_a_life_without_troubles_costs_no_read(bill: Invoice, syncer: Syncer) -> None:
    finalize(syncer, bill, a=4000)
    at = second()
    paid = {"status": "paid", "amount_paid": 4000, "amount_remaining": 0, "attempt_count": 1}
    life = [
        told(syncer, bill, "invoice.finalized", at),
        told(syncer, bill, "invoice.updated", at),
        told(syncer, bill, "invoice.paid", at + 1, **paid),
        told(syncer, bill, "invoice.updated", at + 1, **paid),
    ]
    syncer.operations()
    for body in life:
        deliver(syncer, body)
    assert (bill.status, reads(syncer)) == ("paid", [])

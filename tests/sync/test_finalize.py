"""The end of a bill: finalized only when equal to the cent, else on hold with a sentence."""

import pytest
from sqlalchemy import select

from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.reading.line_syncs import line_syncs
from dashboard.sync.request import Request, request_sync
from dashboard.transaction import transaction
from tests.support.billing import items_of, put
from tests.support.queries import count_queries
from tests.support.sync_acts import add_foreign, close, decide, is_scheduled, seal
from tests.support.syncing import Syncer

# One of them asks whether anybody is to be told, one whether closings are held.
STATEMENTS_OF_A_CLOSE = 36


@pytest.fixture
def sealed(bill: Invoice, syncer: Syncer) -> Invoice:
    """A sealed bill of two lines, one of which Stripe was not told yet."""
    put(bill, a=4000)
    syncer.sync(bill)
    put(bill, b=2500)
    seal(bill)
    syncer.operations()
    return bill


@pytest.fixture
def long(bill: Invoice, syncer: Syncer) -> Invoice:
    """A sealed bill of twelve lines, one of which Stripe was not told yet."""
    put(bill, **{f"line_{number}": 500 for number in range(11)})
    syncer.sync(bill)
    put(bill, b=1000)
    seal(bill)
    syncer.operations()
    return bill


def test_a_sealed_bill_is_synced_verified_and_finalized(sealed: Invoice, syncer: Syncer) -> None:
    run = close(sealed, syncer)
    assert (run.state, run.error) == ("succeeded", None)
    assert (sealed.status, sealed.stripe_total_cents) == ("open", 6500)
    assert sealed.number is not None
    assert sealed.hosted_invoice_url is not None
    # One call for the new line, whose reply shows all of them, and one to finalize.
    assert [call.split()[0] for call in syncer.operations()] == ["POST", "POST"]


def test_more_lines_than_a_reply_shows_are_read(long: Invoice, syncer: Syncer) -> None:
    run = close(long, syncer)
    assert (run.state, long.status, long.stripe_total_cents) == ("succeeded", "open", 6500)
    assert [call.split()[0] for call in syncer.operations()] == ["POST", "GET", "POST"]


def test_a_foreign_line_is_seen_in_the_reply_of_the_last_change(
    sealed: Invoice, syncer: Syncer
) -> None:
    # No total tells: what somebody added, somebody took off again.
    add_foreign(syncer, sealed, 300)
    add_foreign(syncer, sealed, -300)
    run = close(sealed, syncer)
    assert (sealed.status, sealed.parked_code) == ("sealed", "foreign_lines")
    assert [one["state"] for one in run.findings] == ["foreign", "foreign"]


def test_the_reply_that_stripe_repeats_from_memory_is_not_taken_for_a_reading(
    sealed: Invoice, syncer: Syncer
) -> None:
    syncer.simulator.fault("drop_after", "/add_lines$", times=1)
    run = close(sealed, syncer)
    assert (run.state, sealed.status, sealed.stripe_total_cents) == ("succeeded", "open", 6500)
    assert "GET" in [call.split()[0] for call in syncer.operations()]


def test_a_close_asks_the_database_no_more_than_it_must(sealed: Invoice, syncer: Syncer) -> None:
    with transaction():
        run = request_sync(sealed, Request("final", verify=True), now=utc_now())
    with count_queries(db.engine) as queries:
        syncer.carry_out(run)
    assert run.state == "succeeded"
    # Four transactions, each of which takes the invoice and the lease.
    assert queries.count <= STATEMENTS_OF_A_CLOSE


def test_a_reading_that_fails_behind_the_last_change_leaves_what_the_change_did(
    long: Invoice, syncer: Syncer
) -> None:
    syncer.simulator.fault("error_before", "/lines$", method="GET", times=1)
    run = close(long, syncer)
    assert (run.state, long.status, long.stripe_total_cents) == ("succeeded", "open", 6500)
    assert [step.outcome for step in run.steps] == ["done", "done"]
    # The change is sent once, and only the reading again.
    calls = [call.split()[0] for call in syncer.operations()]
    assert calls == ["POST", "GET", "GET", "POST"]


def test_a_foreign_line_parks_the_bill_and_stops_stripes_own_schedule(
    sealed: Invoice, syncer: Syncer
) -> None:
    add_foreign(syncer, sealed)
    close(sealed, syncer)
    assert (sealed.status, sealed.parked_code) == ("sealed", "foreign_lines")
    remote = syncer.gateway.invoice(str(sealed.stripe_invoice_id))
    assert (remote.status, remote.auto_advance) == ("draft", False)
    assert "we did not send" in str(sealed.parked_reason)


def test_after_the_decision_the_parked_bill_is_finalized(sealed: Invoice, syncer: Syncer) -> None:
    add_foreign(syncer, sealed)
    close(sealed, syncer)
    decide(sealed, "take_ours")
    close(sealed, syncer)
    assert (sealed.status, sealed.parked_code) == ("open", None)
    assert sealed.stripe_total_cents == sealed.total_cents == 6500


def test_a_bill_with_nothing_on_it_ends_without_stripe(bill: Invoice, syncer: Syncer) -> None:
    seal(bill)
    close(bill, syncer)
    assert (bill.status, bill.stripe_invoice_id, syncer.operations()) == ("paid", None, [])


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "error_before", "error_after"])
def test_a_fault_while_finalizing_bills_once(sealed: Invoice, syncer: Syncer, kind: str) -> None:
    syncer.simulator.fault(kind, "finalize$", times=1)
    run = close(sealed, syncer)
    if run.state == "retrying":
        run = syncer.carry_out(run)
    assert (run.state, sealed.status, sealed.stripe_total_cents) == ("succeeded", "open", 6500)


@pytest.mark.parametrize("path", ["update_lines$", "add_lines$"])
def test_a_500_after_the_lines_were_changed_does_not_hold_the_bill(
    bill: Invoice, syncer: Syncer, path: str
) -> None:
    put(bill, a=4000)
    if path == "update_lines$":
        syncer.sync(bill)
        put(bill, a=4500)
    seal(bill)
    syncer.simulator.fault("error_after", path=path, times=1)
    run = close(bill, syncer)
    assert (run.state, bill.status, bill.parked_reason) == ("succeeded", "open", None)
    assert bill.stripe_total_cents == bill.total_cents


def test_a_total_that_was_not_seen_is_asked_for_before_the_bill_is_held(
    sealed: Invoice, syncer: Syncer
) -> None:
    syncer.sync(sealed)
    with transaction():
        sealed.stripe_total_cents = 1
    close(sealed, syncer)
    assert (sealed.status, sealed.parked_code) == ("open", None)


def test_when_stripe_finalizes_first_the_rest_is_carried_to_the_next_bill(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, a=4000)
    syncer.sync(bill)
    # Somebody finalizes in Stripe's dashboard while the ledger already knows more.
    syncer.gateway.finalize(str(bill.stripe_invoice_id), key="somebody")
    put(bill, a=4100, b=2500)
    run = syncer.sync(bill)
    following = db.session.scalars(
        select(Invoice).where(Invoice.previous_invoice_id == bill.id)
    ).one()
    assert (run.state, bill.status, bill.total_cents) == ("succeeded", "open", 4000)
    assert {item.description: item.amount_cents for item in items_of(following)} == {
        "Item a, carried over": 100,
        "Item b, carried over": 2500,
    }
    assert (following.status, following.period_end) == ("draft", bill.cycle.ends_at)


def test_the_lines_of_a_bill_that_stripe_issued_first_add_up_to_its_total(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, a=4000, c=100)
    syncer.sync(bill)
    syncer.gateway.finalize(str(bill.stripe_invoice_id), key="somebody")
    put(bill, a=3900, b=2500)
    syncer.sync(bill)
    items = items_of(bill)
    assert [item.billed_cents for item in items] == [4000, 100, 0]
    assert bill.total_cents == sum(item.billed_cents for item in items)
    lines = [line_syncs(bill, items)[item.id] for item in items]
    assert [line.state for line in lines] == ["carried", "in_sync", "carried"]
    assert [line.synced_cents for line in lines] == [4000, 100, 0]


def test_a_carried_part_is_explained_in_money(bill: Invoice, syncer: Syncer) -> None:
    put(bill, a=1452)
    syncer.sync(bill)
    syncer.gateway.finalize(str(bill.stripe_invoice_id), key="somebody")
    put(bill, a=1242)
    syncer.sync(bill)
    carried = db.session.scalars(select(InvoiceItem).where(InvoiceItem.kind == "carry_over")).one()
    (words,) = carried.trace["words"]
    assert words == (
        "$12.42 is owed for this, but the invoice of that period was issued with $14.52 for it. "
        "The difference of $2.10 is credited here."
    )


def test_the_sentence_of_a_parked_bill_says_money_and_counts(
    sealed: Invoice, syncer: Syncer
) -> None:
    add_foreign(syncer, sealed, -700)
    close(sealed, syncer)
    assert "holds a line of −$7.00 that we did not send" in str(sealed.parked_reason)
    add_foreign(syncer, sealed, 900)
    close(sealed, syncer)
    assert "holds 2 lines that we did not send, $2.00 in total" in str(sealed.parked_reason)


@pytest.mark.parametrize("decision", [None, "leave"])
def test_verifying_a_parked_bill_leaves_it_parked_while_a_foreign_line_stays(
    sealed: Invoice, syncer: Syncer, decision: str | None
) -> None:
    add_foreign(syncer, sealed)
    close(sealed, syncer)
    if decision:
        decide(sealed, decision)
    syncer.operations()
    run = syncer.sync(sealed, verify=True)
    assert (run.state, sealed.parked_code) == ("succeeded", "foreign_lines")
    # It reads the lines and writes nothing: the schedule is not set even for a moment.
    assert [call.split()[0] for call in syncer.operations()] == ["GET"]
    assert not is_scheduled(syncer, sealed)

"""A sync makes Stripe's draft equal to the ledger in the fewest calls."""

from dashboard.billing.models import Invoice
from dashboard.sync.request import preview
from tests.support.billing import drop, put
from tests.support.syncing import Syncer


def test_the_first_sync_creates_customer_draft_and_all_lines(bill: Invoice, syncer: Syncer) -> None:
    put(bill, a=100, b=250)
    run = syncer.sync(bill)
    assert (run.state, run.error, run.calls_made, run.calls_planned) == ("succeeded", None, 3, 2)
    assert syncer.lines(bill) == {"a": 100, "b": 250}
    assert (bill.synced_revision, bill.synced_total_cents) == (bill.revision, 350)


def test_a_second_sync_without_changes_makes_no_call(bill: Invoice, syncer: Syncer) -> None:
    put(bill, a=100)
    syncer.sync(bill)
    syncer.operations()
    run = syncer.sync(bill)
    assert (run.state, run.calls_made, syncer.operations()) == ("succeeded", 0, [])


def test_only_what_changed_is_sent_one_call_a_kind(bill: Invoice, syncer: Syncer) -> None:
    put(bill, a=100, b=200, c=300)
    syncer.sync(bill)
    put(bill, b=222, d=400)
    drop(bill, "c")
    syncer.operations()
    run = syncer.sync(bill)
    assert (run.lines_added, run.lines_changed, run.lines_removed) == (1, 1, 1)
    assert run.calls_made == len(syncer.operations()) == 3
    assert syncer.lines(bill) == {"a": 100, "b": 222, "d": 400}


def test_a_bill_with_nothing_on_it_is_not_told_to_stripe(bill: Invoice, syncer: Syncer) -> None:
    run = syncer.sync(bill)
    assert (run.state, syncer.operations(), bill.stripe_invoice_id) == ("succeeded", [], None)


def test_hundreds_of_lines_go_a_hundred_a_call(bill: Invoice, syncer: Syncer) -> None:
    put(bill, **{f"k{n:03}": n for n in range(1, 231)})
    run = syncer.sync(bill)
    assert (run.state, run.calls_made) == ("succeeded", 5)
    assert len(syncer.lines(bill)) == 230


def test_line_ids_are_learned_only_when_a_line_next_changes(bill: Invoice, syncer: Syncer) -> None:
    put(bill, **{f"k{n:02}": n for n in range(1, 31)})
    syncer.sync(bill)
    put(bill, k29=999)
    syncer.operations()
    syncer.sync(bill)
    first = syncer.operations()
    put(bill, k29=1000, k28=5)
    syncer.sync(bill)
    second = syncer.operations()
    assert [name.split()[0] for name in first] == ["GET", "POST"]
    assert [name.split()[0] for name in second] == ["POST"]
    assert syncer.lines(bill)["k29"] == 1000


def test_a_draft_deleted_at_stripe_is_made_anew(bill: Invoice, syncer: Syncer) -> None:
    put(bill, a=100)
    syncer.sync(bill)
    gone = bill.stripe_invoice_id
    syncer.gateway.delete_draft(str(gone))
    put(bill, a=150, b=1)
    run = syncer.sync(bill)
    assert run.state == "succeeded"
    assert bill.stripe_invoice_id not in (None, gone)
    assert syncer.lines(bill) == {"a": 150, "b": 1}


def test_credits_make_lines_and_totals_negative(bill: Invoice, syncer: Syncer) -> None:
    put(bill, a=100, credit=-250)
    syncer.sync(bill)
    assert (bill.stripe_total_cents, bill.total_cents) == (-150, -150)


def test_what_was_previewed_is_applied_though_line_ids_must_be_read_first(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, **{f"k{n:02}": n for n in range(1, 31)})
    syncer.sync(bill)
    put(bill, k29=999)
    run = syncer.sync(bill, plan_hash=preview(bill).hash)
    assert (run.state, run.error) == ("succeeded", None)
    assert syncer.lines(bill)["k29"] == 999


def test_what_was_previewed_is_not_applied_once_the_ledger_moved(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, a=100)
    syncer.sync(bill)
    put(bill, a=200)
    seen = preview(bill).hash
    put(bill, a=300)
    run = syncer.sync(bill, plan_hash=seen)
    assert (run.state, run.error_code) == ("failed", "stale")
    assert syncer.lines(bill) == {"a": 100}

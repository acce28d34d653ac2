"""Every call can fail before, after, or twice; the next run converges, no line is there twice."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.sync.models import SyncStep
from tests.support.billing import drop, put
from tests.support.syncing import Syncer

FAULTS = ("drop_before", "drop_after", "error_before", "error_after", "rate_limit", "lock_timeout")
CALLS = ("/v1/customers$", "/v1/invoices$", "add_lines$", "update_lines$", "remove_lines$")


def whole_life(bill: Invoice, syncer: Syncer) -> None:
    """Sync so that every kind of call is made at least once."""
    put(bill, a=100, b=200, c=300)
    again_until_done(bill, syncer)
    put(bill, b=222, d=400)
    drop(bill, "c")
    again_until_done(bill, syncer)


def again_until_done(bill: Invoice, syncer: Syncer) -> None:
    """Sync as the clock would: again while the run is to be retried."""
    run = syncer.sync(bill)
    for _ in range(5):
        if run.state != "retrying":
            break
        run = syncer.carry_out(run)
    assert (run.state, run.error) == ("succeeded", None)


@pytest.mark.parametrize("path", CALLS)
@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_of_any_kind_at_any_call_is_converged_from(
    bill: Invoice, syncer: Syncer, kind: str, path: str
) -> None:
    syncer.simulator.fault(kind, path, method="POST", times=1)
    whole_life(bill, syncer)
    assert syncer.lines(bill) == {"a": 100, "b": 222, "d": 400}
    assert bill.stripe_total_cents == bill.total_cents == 722
    assert syncer.simulator.get("audit")["ok"]


def test_a_lasting_fault_leaves_a_step_that_the_next_run_settles(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, a=100)
    syncer.sync(bill)
    rule = syncer.simulator.fault("drop_after", "add_lines$")
    put(bill, b=5)
    run = syncer.sync(bill)
    assert (run.state, run.next_attempt_at is not None) == ("retrying", True)
    syncer.simulator.delete(f"faults/{rule}")
    syncer.carry_out(run)
    assert syncer.lines(bill) == {"a": 100, "b": 5}


def test_a_step_older_than_its_key_is_read_back_and_never_sent_again(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, a=100)
    syncer.sync(bill)
    rule = syncer.simulator.fault("drop_after", "add_lines$")
    put(bill, b=5)
    run = syncer.sync(bill)
    syncer.simulator.delete(f"faults/{rule}")
    # Stripe has forgotten the key by now: sent again, it would add the line a second time.
    syncer.simulator.advance(25 * 3600)
    syncer.ahead = timedelta(hours=25)
    syncer.operations()
    syncer.carry_out(run)
    # The lines and the total that they come to.
    assert [call.split()[0] for call in syncer.operations()] == ["GET", "GET"]
    step = db.session.scalars(select(SyncStep).order_by(SyncStep.id.desc()).limit(1)).one()
    assert step.outcome == "read_back"
    assert syncer.lines(bill) == {"a": 100, "b": 5}


def test_a_refused_line_does_not_stop_the_others(bill: Invoice, syncer: Syncer) -> None:
    put(bill, a=100, b=200)
    syncer.sync(bill)
    line = next(one for one in syncer.gateway.lines(str(bill.stripe_invoice_id)) if one.key == "a")
    syncer.gateway.remove_lines(str(bill.stripe_invoice_id), [line.id], run="x", key="foreign-1")
    put(bill, a=101, b=201)
    run = syncer.sync(bill)
    assert run.state == "succeeded"
    assert syncer.lines(bill) == {"a": 101, "b": 201}


def test_while_stripe_fails_every_write_the_run_says_that_stripe_failed(
    bill: Invoice, syncer: Syncer
) -> None:
    rule = syncer.simulator.fault("error_before", ".*", method="POST", status=500)
    put(bill, a=100)
    run = syncer.sync(bill)
    assert (run.state, run.error_code) == ("retrying", "stripe_failed")
    assert "Stripe failed with 500" in str(run.error)
    syncer.simulator.delete(f"faults/{rule}")
    assert syncer.carry_out(run).state == "succeeded"
    assert syncer.lines(bill) == {"a": 100}

"""What a call did whose result was not recorded is found out, never guessed."""

from sqlalchemy import delete, select

from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.sync.models import SyncedLine, SyncStep
from dashboard.transaction import transaction
from tests.support.billing import put
from tests.support.sync_acts import close, seal
from tests.support.syncing import Syncer


def steps_of(bill: Invoice, operation: str) -> list[SyncStep]:
    """Return the bill's steps of one operation, oldest first."""
    query = select(SyncStep).where(SyncStep.invoice_id == bill.id, SyncStep.operation == operation)
    return list(db.session.scalars(query.order_by(SyncStep.id)))


def test_a_429_says_nothing_of_an_earlier_sending_whose_reply_was_lost(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, a=100)
    syncer.sync(bill)
    put(bill, b=200)
    syncer.simulator.fault("drop_after", "add_lines$", times=1)
    rule = syncer.simulator.fault("rate_limit", "add_lines$")
    run = syncer.sync(bill)
    assert (run.state, steps_of(bill, "add_lines")[-1].outcome) == ("retrying", None)
    syncer.simulator.delete(f"faults/{rule}")
    assert syncer.carry_out(run).state == "succeeded"
    # The opening one and this: sent again under its key, no second one on a guess.
    assert [step.outcome for step in steps_of(bill, "add_lines")] == ["done", "done"]
    assert syncer.lines(bill) == {"a": 100, "b": 200}


def test_a_429_while_settling_leaves_the_step_unsettled(bill: Invoice, syncer: Syncer) -> None:
    put(bill, a=100)
    lost = syncer.simulator.fault("drop_after", "add_lines$")
    run = syncer.sync(bill)
    syncer.simulator.delete(f"faults/{lost}")
    limited = syncer.simulator.fault("rate_limit", "add_lines$")
    assert syncer.carry_out(run).state == "retrying"
    assert [step.outcome for step in steps_of(bill, "add_lines")] == [None]
    syncer.simulator.delete(f"faults/{limited}")
    assert syncer.carry_out(run).state == "succeeded"
    assert [step.outcome for step in steps_of(bill, "add_lines")] == ["done"]


def test_a_clean_reading_mends_a_record_that_says_otherwise(bill: Invoice, syncer: Syncer) -> None:
    put(bill, a=4000, b=200)
    syncer.sync(bill)
    with transaction():
        db.session.execute(delete(SyncedLine).where(SyncedLine.key == "b"))
    seal(bill)
    run = close(bill, syncer)
    assert (run.state, bill.status, bill.parked_reason) == ("succeeded", "open", None)


def test_a_step_whose_draft_was_deleted_is_settled_with_it(bill: Invoice, syncer: Syncer) -> None:
    put(bill, a=100)
    syncer.sync(bill)
    customer, gone = bill.organization.stripe_customer_id, str(bill.stripe_invoice_id)
    put(bill, b=200)
    rule = syncer.simulator.fault("error_before", "add_lines$")
    run = syncer.sync(bill)
    assert (run.state, steps_of(bill, "add_lines")[-1].outcome) == ("retrying", None)
    syncer.simulator.delete(f"faults/{rule}")
    syncer.gateway.delete_draft(gone)
    assert syncer.carry_out(run).state == "succeeded"
    db.session.refresh(bill)
    assert (bill.organization.stripe_customer_id, bill.stripe_invoice_id == gone) == (
        customer,
        False,
    )
    assert syncer.lines(bill) == {"a": 100, "b": 200}

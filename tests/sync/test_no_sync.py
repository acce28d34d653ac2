"""A call that no sync makes is written ahead, sent and recovered as one that a sync makes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.errors import Busy
from dashboard.extensions import db
from dashboard.gateway.errors import OutcomeUnknown, Refused, ServerFailed
from dashboard.sync.calls import perform
from dashboard.sync.lease import LeaseLost
from dashboard.sync.models import SyncLease, SyncStep
from dashboard.sync.recover import recover
from dashboard.sync.stripe_calls.customers import UpdateCustomer
from dashboard.sync.work import Work
from dashboard.transaction import transaction
from tests.support.billing import put
from tests.support.sync_acts import close, seal
from tests.support.syncing import Syncer

TO_CUSTOMER = "/v1/customers/cus_[^/]+$"


@pytest.fixture
def issued(bill: Invoice, syncer: Syncer) -> Invoice:
    """A bill that is finalized: no sync of it can be asked for any more."""
    put(bill, a=4000)
    seal(bill)
    close(bill, syncer)
    assert bill.status == "open"
    return bill


def renaming(bill: Invoice) -> UpdateCustomer:
    """Return a call that is about no draft."""
    customer = str(bill.organization.stripe_customer_id)
    return UpdateCustomer(customer, "Acme Two", bill.organization.email)


def last_step() -> SyncStep:
    """Return the step that was written last."""
    return db.session.scalars(select(SyncStep).order_by(SyncStep.id.desc()).limit(1)).one()


def name_at_stripe(syncer: Syncer, bill: Invoice) -> str | None:
    """Return what the customer is called there."""
    return syncer.gateway.customer(str(bill.organization.stripe_customer_id)).name


def try_in_vain(
    syncer: Syncer, bill: Invoice, fault: str, error: type[Exception], **rule_of: int
) -> SyncStep:
    """Make the call while Stripe fails so each time; return its step."""
    rule = syncer.simulator.fault(fault, TO_CUSTOMER, method="POST", **rule_of)
    with pytest.raises(error), syncer.work_on(bill) as work:
        perform(work, renaming(bill))
    syncer.simulator.delete(f"faults/{rule}")
    return last_step()


def test_a_call_about_an_issued_invoice_is_a_step_of_no_sync(
    issued: Invoice, syncer: Syncer
) -> None:
    before = (issued.status, issued.stripe_status, issued.next_sync_at, issued.needs_verification)
    with syncer.work_on(issued) as work:
        perform(work, renaming(issued))
    step = last_step()
    assert (step.operation, step.run_id, step.position, step.outcome) == (
        "update_customer", None, 1, "done",
    )  # fmt: skip
    assert step.stripe_request_id
    assert step.idempotency_key.startswith(f"invoice-{issued.id}-{step.fence}-1-")
    assert name_at_stripe(syncer, issued) == "Acme Two"
    assert (issued.organization.agreed_customer or {})["name"] == "Acme Two"
    db.session.refresh(issued)
    assert before == (
        issued.status, issued.stripe_status, issued.next_sync_at, issued.needs_verification,
    )  # fmt: skip


def test_calls_of_one_lease_have_their_own_positions_and_keys(
    issued: Invoice, syncer: Syncer
) -> None:
    with syncer.work_on(issued) as work:
        perform(work, renaming(issued))
        perform(work, renaming(issued))
    with syncer.work_on(issued) as work:
        perform(work, renaming(issued))
    mine = select(SyncStep).where(SyncStep.run_id.is_(None)).order_by(SyncStep.id)
    steps = db.session.scalars(mine).all()
    assert [one.position for one in steps] == [1, 2, 1]
    assert len({one.idempotency_key.rsplit("-", 1)[0] for one in steps}) == 3


@pytest.mark.parametrize("fault", ["drop_before", "drop_after"])
def test_a_call_without_a_reply_is_recovered_under_its_key(
    issued: Invoice, syncer: Syncer, fault: str
) -> None:
    step = try_in_vain(syncer, issued, fault, OutcomeUnknown)
    key = step.idempotency_key
    assert (step.outcome, step.error_code) == (None, "stripe_unreachable")
    with syncer.work_on(issued) as work:
        recover(work)
    assert (last_step().id, last_step().outcome, last_step().attempts) == (step.id, "done", 2)
    assert last_step().idempotency_key == key
    assert name_at_stripe(syncer, issued) == "Acme Two"


@pytest.mark.parametrize(("fault", "name"), [("error_before", "Acme"), ("error_after", "Acme Two")])
def test_a_call_that_failed_at_stripe_is_read_back(
    issued: Invoice, syncer: Syncer, fault: str, name: str
) -> None:
    step = try_in_vain(syncer, issued, fault, ServerFailed)
    before = name_at_stripe(syncer, issued)
    with syncer.work_on(issued) as work:
        recover(work)
    db.session.refresh(step)
    assert step.outcome == "read_back"
    assert name_at_stripe(syncer, issued) == before
    assert (before == "Acme Two") == (fault == "error_after")
    assert (issued.organization.agreed_customer or {})["name"] == before


def test_a_key_that_may_be_forgotten_is_not_sent_again(issued: Invoice, syncer: Syncer) -> None:
    step = try_in_vain(syncer, issued, "drop_after", OutcomeUnknown)
    later = Syncer(syncer.gateway, syncer.simulator, ahead=timedelta(hours=23))
    syncer.operations()
    with later.work_on(issued) as work:
        recover(work)
    db.session.refresh(step)
    assert (step.outcome, step.attempts) == ("read_back", 1)
    assert not [one for one in syncer.operations() if one.startswith("POST")]


def test_a_refusal_ends_the_step_and_holds_no_invoice(issued: Invoice, syncer: Syncer) -> None:
    step = try_in_vain(syncer, issued, "error_before", Refused, status=400)
    assert (step.outcome, step.error_code) == ("refused", "stripe_refused")
    db.session.refresh(issued)
    assert (issued.parked_at, issued.sync_failures) == (None, 0)


def test_a_call_about_a_draft_is_left_to_its_sync(bill: Invoice, syncer: Syncer) -> None:
    put(bill, a=100)
    syncer.sync(bill)
    put(bill, b=200)
    rule = syncer.simulator.fault("drop_after", "add_lines$")
    run = syncer.sync(bill)
    syncer.simulator.delete(f"faults/{rule}")
    with syncer.work_on(bill) as work:
        recover(work)
    assert (last_step().operation, last_step().outcome) == ("add_lines", None)
    assert syncer.carry_out(run).state == "succeeded"
    assert syncer.lines(bill) == {"a": 100, "b": 200}


def test_a_sync_recovers_what_else_is_open(bill: Invoice, syncer: Syncer) -> None:
    put(bill, a=100)
    syncer.sync(bill)
    step = try_in_vain(syncer, bill, "drop_after", OutcomeUnknown)
    put(bill, b=200)
    assert syncer.sync(bill).state == "succeeded"
    db.session.refresh(step)
    assert step.outcome == "done"
    assert syncer.lines(bill) == {"a": 100, "b": 200}


def test_one_writes_an_invoice_at_a_time(issued: Invoice, syncer: Syncer) -> None:
    with syncer.work_on(issued) as work:
        with pytest.raises(Busy), syncer.work_on(issued):
            raise AssertionError("two hold the lease")
        perform(work, renaming(issued))
    assert last_step().outcome == "done"


def test_an_error_gives_the_lease_back_and_undoes_the_rest(issued: Invoice, syncer: Syncer) -> None:
    def fail(work: Work) -> None:
        perform(work, renaming(issued))
        work.checkpoint()
        issued.parked_reason = "not to be kept"
        raise KeyError("a bug")

    with pytest.raises(KeyError), syncer.work_on(issued) as work:
        fail(work)
    assert last_step().outcome == "done"
    db.session.refresh(issued)
    assert issued.parked_reason is None
    assert db.session.get_one(SyncLease, issued.id).owner is None


def test_who_was_overtaken_writes_nothing_more(issued: Invoice, syncer: Syncer) -> None:
    def be_overtaken(work: Work) -> None:
        with transaction():
            db.session.execute(update(SyncLease).values(expires_at=utc_now()))
        with syncer.work_on(issued):
            pass
        perform(work, renaming(issued))

    with pytest.raises(LeaseLost), syncer.work_on(issued) as work:
        be_overtaken(work)
    assert last_step().operation != "update_customer"

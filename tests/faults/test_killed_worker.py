"""A worker is killed at every call of a sync: the next one converges and nothing is there twice.

Each case holds one call at the simulator, kills the worker and all it started while the call is
under way, lets the call go on without anybody to hear the reply, and starts another worker.
"""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select, update

from dashboard.billing.close import seal_now
from dashboard.billing.credit_note_models import CreditNote
from dashboard.billing.credit_note_void import ask_void
from dashboard.billing.credit_notes import WantedNote, plan_note
from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.billing.refund_room import refund_room_of
from dashboard.billing.refunds import WantedRefund, plan_refund
from dashboard.billing.reissue import plan_reissue
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.sync.models import SyncLease, SyncRun
from dashboard.sync.request import Request, request_sync
from dashboard.transaction import transaction
from demo.embedded.errors import tail
from jobs.credit_notes import carry_out_credit_note, carry_out_credit_notes
from jobs.refunds import carry_out_refund, carry_out_refunds
from jobs.reissues import reissue_invoice, reissue_planned
from jobs.runtime import Task
from jobs.syncs import enqueue_run, sweep_runs
from tests.factories import SUPPORT
from tests.support.billing import drop, make_bill, put
from tests.support.notes_at_stripe import issue, pay
from tests.support.simulator import SimulatorControl
from tests.support.stack import Stack
from tests.support.syncing import Syncer, gateway_to

pytestmark = pytest.mark.fault
CALLS = {
    "create the customer": "/v1/customers$",
    "create the draft": "/v1/invoices$",
    "add lines": "add_lines$",
    "update lines": "update_lines$",
    "remove lines": "remove_lines$",
    "read the lines": "/lines$",
    "finalize": "finalize$",
}
CLOSES = ("read the lines", "finalize")
# Held before Stripe does it, and after it was done but before the reply.
MOMENTS = ("hold_before", "hold_after")


@pytest.fixture
def syncer(live_stack: Stack) -> Syncer:
    """Syncs in this process, for what comes before the call under test."""
    simulator = SimulatorControl(live_stack.simulator_url)
    return Syncer(gateway_to(live_stack.simulator_url), simulator)


def prepare(call: str, syncer: Syncer) -> tuple[Invoice, str]:
    """Return a bill whose next run makes the call, and that run's trigger."""
    bill = make_bill()
    put(bill, a=100, b=200, c=300)
    if call == "read the lines":
        # More than the reply to a change shows: else that is all the reading there is.
        put(bill, **{f"line_{number}": 50 for number in range(9)})
    if call in ("update lines", "remove lines", *CLOSES):
        syncer.sync(bill)
        put(bill, b=222, d=400)
        drop(bill, "c")
    if call in CLOSES:
        with transaction():
            seal_now(bill, now=utc_now())
        return bill, "final"
    return bill, "support"


def enqueue(bill: Invoice, trigger: str) -> SyncRun:
    """Request a run and queue it for the worker."""
    with transaction():
        request = Request(trigger, verify=trigger == "final")
        run = request_sync(bill, request, now=utc_now())
        enqueue_run(run)
    return run


def kill_and_replace(stack: Stack, syncer: Syncer) -> None:
    """Kill the worker during the call that is held, and start another when its lease is over."""
    hold = syncer.simulator.wait_for_hold()
    stack.kill("worker")
    # The call goes on: what Stripe has begun does not stop because nobody listens any more.
    syncer.simulator.post(f"holds/{hold['id']}/release")
    with transaction():
        database.session.execute(update(SyncLease).values(expires_at=utc_now()))
    stack.start_worker("second worker")


def wait_until(done: Callable[[], bool], state: Callable[[], str], sweep: Task[[]]) -> None:
    """Sweep as the clock does until something is so; after too long, fail with how things stand."""
    end = time.monotonic() + 90
    while not done():
        assert time.monotonic() < end, f"it did not come to an end: {state()}"
        with transaction():
            sweep.enqueue()
        time.sleep(1)


def how_it_stands(stack: Stack, run: SyncRun) -> str:
    """Return what a run that does not end says of itself, and its worker of it."""
    steps = [(step.operation, step.outcome) for step in run.steps]
    facts = (run.state, run.attempts, run.next_attempt_at, run.error, steps)
    return f"{facts}\n{tail(stack.log('second worker'), 40)}"


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("call", CALLS)
def test_a_worker_killed_during_a_call_loses_and_doubles_nothing(
    app: Flask, db: SQLAlchemy, live_stack: Stack, syncer: Syncer, call: str, moment: str
) -> None:
    bill, trigger = prepare(call, syncer)
    method = "GET" if call == "read the lines" else "POST"
    syncer.simulator.fault(moment, CALLS[call], method=method, times=1)
    run = enqueue(bill, trigger)
    kill_and_replace(live_stack, syncer)

    def is_over() -> bool:
        db.session.rollback()
        db.session.refresh(run)
        return run.state not in ("queued", "running", "retrying")

    wait_until(is_over, lambda: how_it_stands(live_stack, run), sweep_runs)
    db.session.refresh(bill)
    assert (run.state, run.error, run.attempts) == ("succeeded", None, 2)
    assert sum(syncer.lines(bill).values()) == bill.total_cents == bill.stripe_total_cents
    assert syncer.simulator.get("audit")["ok"]
    assert bill.status == ("open" if trigger == "final" else "draft")


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_worker_killed_while_it_voids_to_bill_anew_bills_it_once(
    app: Flask, db: SQLAlchemy, live_stack: Stack, syncer: Syncer, moment: str
) -> None:
    bill, _ = prepare("finalize", syncer)
    syncer.sync(bill, "final", verify=True)
    syncer.simulator.fault(moment, "/void$", method="POST", times=1)
    with transaction():
        # Planned a minute ago: what was queued for it may be lost with the worker.
        planned_at = utc_now() - timedelta(minutes=1)
        reissue = plan_reissue(
            bill, seen_cents=bill.total_cents, reason="Wrong", key="r", actor=SUPPORT,
            now=planned_at,
        )  # fmt: skip
        reissue_invoice.enqueue(reissue.id)
    kill_and_replace(live_stack, syncer)

    def is_over() -> bool:
        db.session.rollback()
        db.session.refresh(reissue)
        return reissue.state != "planned"

    wait_until(is_over, lambda: tail(live_stack.log("second worker"), 40), reissue_planned)
    db.session.refresh(bill)
    again = select(InvoiceItem.amount_cents).where(InvoiceItem.kind == "rebilled")
    assert (reissue.state, bill.status) == ("done", "void")
    assert sum(db.session.scalars(again)) == bill.total_cents == reissue.billed_cents
    assert syncer.gateway.invoice(str(bill.stripe_invoice_id)).status == "void"


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_worker_killed_while_it_issues_a_credit_note_leaves_one(
    app: Flask, db: SQLAlchemy, live_stack: Stack, syncer: Syncer, moment: str
) -> None:
    bill, _ = prepare("finalize", syncer)
    syncer.sync(bill, "final", verify=True)
    item = bill.items[0]
    syncer.simulator.fault(moment, "/v1/credit_notes$", method="POST", times=1)
    with transaction():
        wanted = WantedNote({item.id: 70}, reason="Outage")
        # Planned a minute ago: what was queued for it may be lost with the worker.
        planned_at = utc_now() - timedelta(minutes=1)
        note = plan_note(bill, wanted, key="n", actor=SUPPORT, now=planned_at)
        carry_out_credit_note.enqueue(note.id)
    _finish_by_another(live_stack, syncer, db, note, "planned")
    db.session.refresh(item)
    at_stripe = syncer.gateway.credit_notes(str(bill.stripe_invoice_id))
    assert (note.state, item.credited_cents) == ("issued", 70)
    assert [one.amount_cents for one in at_stripe] == [70]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_worker_killed_while_it_voids_a_credit_note_leaves_it_void(
    app: Flask, db: SQLAlchemy, live_stack: Stack, syncer: Syncer, moment: str
) -> None:
    bill, _ = prepare("finalize", syncer)
    syncer.sync(bill, "final", verify=True)
    item = bill.items[0]
    with transaction():
        wanted = WantedNote({item.id: 70}, reason="Outage")
        note = plan_note(bill, wanted, key="n", actor=SUPPORT, now=utc_now())
    issue(note, syncer)
    syncer.simulator.fault(moment, "/v1/credit_notes/[^/]+/void$", method="POST", times=1)
    with transaction():
        asked_at = utc_now() - timedelta(minutes=1)
        ask_void(note, reason="A mistake", actor=SUPPORT, now=asked_at)
        carry_out_credit_note.enqueue(note.id)
    _finish_by_another(live_stack, syncer, db, note, "issued")
    db.session.refresh(item)
    at_stripe = syncer.gateway.credit_notes(str(bill.stripe_invoice_id))
    assert (note.state, note.void_asked_at, item.credited_cents) == ("void", None, 0)
    assert [one.status for one in at_stripe] == ["void"]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_worker_killed_while_it_refunds_leaves_one_refund(
    app: Flask, db: SQLAlchemy, live_stack: Stack, syncer: Syncer, moment: str
) -> None:
    bill, _ = prepare("finalize", syncer)
    syncer.sync(bill, "final", verify=True)
    pay(bill, syncer)
    [payment] = refund_room_of(bill).refundable
    syncer.simulator.fault(moment, "/v1/refunds$", method="POST", times=1)
    with transaction():
        wanted = WantedRefund(payment.id, 70, "goodwill", "Outage")
        # Planned a minute ago: what was queued for it may be lost with the worker.
        planned_at = utc_now() - timedelta(minutes=1)
        refund = plan_refund(bill, wanted, key="m", actor=SUPPORT, now=planned_at)
        carry_out_refund.enqueue(refund.id)
    kill_and_replace(live_stack, syncer)

    def is_over() -> bool:
        db.session.rollback()
        db.session.refresh(refund)
        return refund.state != "planned"

    wait_until(is_over, lambda: tail(live_stack.log("second worker"), 40), carry_out_refunds)
    db.session.refresh(bill)
    at_stripe = syncer.gateway.refunds(refund.paid_by)
    assert (refund.state, bill.refunded_cents, bill.status) == ("made", 70, "paid")
    assert [one.amount_cents for one in at_stripe] == [70]


def _finish_by_another(
    stack: Stack, syncer: Syncer, db: SQLAlchemy, note: CreditNote, before: str
) -> None:
    """Kill the worker in its call, and have another find the note and bring it on."""
    kill_and_replace(stack, syncer)

    def is_over() -> bool:
        db.session.rollback()
        db.session.refresh(note)
        return note.state != before

    wait_until(is_over, lambda: tail(stack.log("second worker"), 40), carry_out_credit_notes)

"""Events move invoices forward once, whatever their order and number."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from dashboard.billing.close import seal_now
from dashboard.billing.models import Invoice
from dashboard.clock import from_timestamp, utc_now
from dashboard.extensions import db
from dashboard.gateway.parsing import parse_event
from dashboard.sync.models import SyncRun
from dashboard.sync.request import abandoned_runs
from dashboard.transaction import checkpoint, transaction
from dashboard.webhooks.delivery import Delivery, Handled
from dashboard.webhooks.handlers import UNNEEDED
from dashboard.webhooks.inbox import due_events, waits_for_a_batch
from dashboard.webhooks.intake import store
from dashboard.webhooks.models import WebhookEvent
from dashboard.webhooks.process import process
from tests.support.billing import put
from tests.support.events import event, invoice_json
from tests.support.inbox import deliver, handle
from tests.support.syncing import Syncer


def paid(syncer: Syncer, bill: Invoice) -> dict[str, Any]:
    """Return Stripe's invoice as it would be once paid."""
    data = invoice_json(syncer.simulator.url, str(bill.stripe_invoice_id))
    return data | {"status": "paid", "amount_paid": 4000}


def test_a_paid_invoice_is_paid_here(open_bill: Invoice, syncer: Syncer) -> None:
    done = deliver(syncer, event("invoice.paid", paid(syncer, open_bill)))
    assert (done.state, open_bill.status) == ("processed", "paid")
    assert open_bill.paid_at is not None


def test_a_finalization_whose_replies_were_lost_is_ended_by_its_event(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, a=4000)
    syncer.sync(bill)
    with transaction():
        seal_now(bill, now=utc_now())
    rule = syncer.simulator.fault("drop_after", path="finalize$", method="POST")
    run = syncer.sync(bill, "final", verify=True)
    assert (run.state, bill.status) == ("retrying", "sealed")
    syncer.simulator.delete(f"faults/{rule}")
    data = invoice_json(syncer.simulator.url, str(bill.stripe_invoice_id))
    key = run.steps[-1].idempotency_key
    deliver(syncer, event("invoice.finalized", data, key=key))
    assert bill.status == "open"
    assert abandoned_runs(now=utc_now(), most=10) == [run.id]
    assert syncer.carry_out(run).state == "succeeded"


def test_nothing_is_due_of_a_void_invoice(open_bill: Invoice, syncer: Syncer) -> None:
    data = invoice_json(syncer.simulator.url, str(open_bill.stripe_invoice_id))
    voided = data | {"status": "void", "due_date": data["created"] + 30 * 86_400}
    deliver(syncer, event("invoice.voided", voided))
    assert data["amount_due"] == 4000
    assert (open_bill.status, open_bill.amount_due_cents, open_bill.due_at) == ("void", 0, None)


def test_an_older_event_after_a_newer_one_changes_nothing(
    open_bill: Invoice, syncer: Syncer
) -> None:
    as_open = invoice_json(syncer.simulator.url, str(open_bill.stripe_invoice_id))
    deliver(syncer, event("invoice.paid", paid(syncer, open_bill)))
    deliver(syncer, event("invoice.finalized", as_open | {"status": "open"}))
    deliver(syncer, event("invoice.payment_failed", as_open | {"status": "open"}))
    assert (open_bill.status, open_bill.payment_failure) == ("paid", None)


def test_a_failed_payment_is_told_in_words(open_bill: Invoice, syncer: Syncer) -> None:
    data = invoice_json(syncer.simulator.url, str(open_bill.stripe_invoice_id))
    failed = data | {"status": "open", "attempt_count": 2}
    deliver(syncer, event("invoice.payment_failed", failed))
    assert open_bill.status == "open"
    assert "2 attempts" in str(open_bill.payment_failure)


def test_when_the_next_attempt_is_planned_is_known_until_there_is_none(
    open_bill: Invoice, syncer: Syncer
) -> None:
    data = invoice_json(syncer.simulator.url, str(open_bill.stripe_invoice_id))
    now = int(utc_now().timestamp())
    failed = data | {"status": "open", "attempt_count": 2, "next_payment_attempt": now + 86_400}
    deliver(syncer, event("invoice.payment_failed", failed, created=now + 1))
    assert open_bill.next_payment_attempt_at == from_timestamp(now + 86_400)
    last = failed | {"attempt_count": 3, "next_payment_attempt": None}
    deliver(syncer, event("invoice.payment_failed", last, created=now + 2))
    assert open_bill.next_payment_attempt_at is None


def test_the_echo_of_our_own_call_is_ignored(bill: Invoice, syncer: Syncer) -> None:
    put(bill, a=100)
    run = syncer.sync(bill)
    data = invoice_json(syncer.simulator.url, str(bill.stripe_invoice_id))
    body = event("invoice.updated", data, key=run.steps[-1].idempotency_key)
    with transaction():
        # It is ended where it is stored: nothing is left for a job to do.
        assert store([parse_event(body)], source="webhook", now=utc_now()) == []
    stored = db.session.scalars(select(WebhookEvent)).one()
    assert (stored.state, bill.needs_verification) == ("ignored", False)


def test_an_edit_by_somebody_else_makes_the_next_sync_compare(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, a=100)
    syncer.sync(bill)
    data = invoice_json(syncer.simulator.url, str(bill.stripe_invoice_id))
    deliver(syncer, event("invoice.updated", data | {"total": 5}))
    assert bill.needs_verification
    assert bill.next_sync_at is not None


def test_a_draft_deleted_at_stripe_is_dirty_again(bill: Invoice, syncer: Syncer) -> None:
    put(bill, a=100)
    syncer.sync(bill)
    data = invoice_json(syncer.simulator.url, str(bill.stripe_invoice_id))
    syncer.gateway.delete_draft(str(bill.stripe_invoice_id))
    deliver(syncer, event("invoice.deleted", data))
    assert (bill.stripe_invoice_id, bill.is_dirty) == (None, True)
    syncer.sync(bill)
    assert syncer.lines(bill) == {"a": 100}


def test_finalized_five_times_at_once_opens_one_next_invoice(
    app: Flask, bill: Invoice, syncer: Syncer
) -> None:
    put(bill, a=100)
    syncer.sync(bill)
    finalized = syncer.gateway.finalize(str(bill.stripe_invoice_id), key="somebody")
    data = invoice_json(syncer.simulator.url, finalized.id)
    bodies = [event("invoice.finalized", data) for _ in range(5)]
    with transaction():
        ids = store([parse_event(body) for body in bodies], source="webhook", now=utc_now())

    def process_one(event_id: int) -> None:
        with app.app_context(), transaction():
            process(event_id, gateway=syncer.gateway, checkpoint=checkpoint, now=utc_now())

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(process_one, ids))
    run = db.session.scalars(select(SyncRun).where(SyncRun.state == "queued")).one()
    syncer.carry_out(run)
    count = db.session.scalar(select(func.count()).where(Invoice.previous_invoice_id == bill.id))
    drafts = db.session.scalar(select(func.count()).where(Invoice.status == "draft"))
    db.session.refresh(bill)
    assert (bill.status, count, drafts) == ("open", 1, 1)


@pytest.fixture
def breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every handler meets something that nobody expected."""

    def handle(_delivery: Delivery) -> Handled:
        raise KeyError("it")

    monkeypatch.setattr("dashboard.webhooks.process.handle", handle)


def test_a_handler_that_fails_keeps_the_event_and_its_error(
    open_bill: Invoice, syncer: Syncer, breaks: None
) -> None:
    broken = deliver(syncer, event("invoice.paid", {"id": str(open_bill.stripe_invoice_id)}))
    assert broken.state == "failed"
    assert "KeyError" in str(broken.error)
    assert broken.next_attempt_at is not None
    assert open_bill.status == "open"


def test_the_last_failure_makes_the_event_dead(
    open_bill: Invoice, syncer: Syncer, breaks: None
) -> None:
    broken = deliver(syncer, event("invoice.paid", {"id": "in_x"}))
    for _ in range(7):
        broken = handle(syncer, broken.id)
    assert (broken.state, broken.attempts, broken.next_attempt_at) == ("dead", 8, None)
    assert handle(syncer, broken.id).attempts == 8


def test_the_sweep_finds_an_event_whose_job_was_lost(db: object, syncer: Syncer) -> None:
    now = utc_now()
    assert not waits_for_a_batch(now=now)
    with transaction():
        store([parse_event(event("invoice.paid", {"id": "x"}))], source="webhook", now=now)
    assert waits_for_a_batch(now=now)
    assert due_events(now=now, most=10)[1] == []


def test_a_kind_nobody_needs_is_ended_where_it_is_stored(bill: Invoice) -> None:
    body = event("product.created", {"id": "prod_1"})
    with transaction():
        assert store([parse_event(body)], source="webhook", now=utc_now()) == []
    stored = db.session.scalars(select(WebhookEvent)).one()
    assert (stored.state, stored.result) == ("ignored", UNNEEDED)


def test_an_invoice_that_stripe_can_not_finalize_is_held_with_its_reason(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, a=100)
    syncer.sync(bill)
    data = invoice_json(syncer.simulator.url, str(bill.stripe_invoice_id))
    failed = data | {"last_finalization_error": {"message": "The address is not valid."}}
    done = deliver(syncer, event("invoice.finalization_failed", failed))
    assert (done.state, bill.parked_code) == ("processed", "finalization_failed")
    assert "The address is not valid." in str(bill.parked_reason)
    assert bill.parked_at is not None


def test_one_that_was_finalized_after_all_is_not_held(open_bill: Invoice, syncer: Syncer) -> None:
    data = invoice_json(syncer.simulator.url, str(open_bill.stripe_invoice_id))
    deliver(syncer, event("invoice.finalization_failed", data))
    assert open_bill.parked_code is None

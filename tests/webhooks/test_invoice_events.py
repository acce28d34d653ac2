"""What each event of an invoice changes here, what it puts on record, and what it leaves alone."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from dashboard.billing.close import seal_now
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.sync.models import SyncRun
from dashboard.transaction import checkpoint, transaction
from dashboard.webhooks.models import WebhookEvent
from dashboard.webhooks.process import process
from tests.support.billing import put
from tests.support.events import event, invoice_json
from tests.support.inbox import deliver, on_record, told
from tests.support.syncing import Syncer

NOW = utc_now() + timedelta(hours=1)
# A second in which nothing of a test has happened yet.
AT = int(NOW.timestamp()) + 1000


@pytest.fixture
def draft(bill: Invoice, syncer: Syncer) -> Invoice:
    """A draft that Stripe knows."""
    put(bill, a=4000)
    syncer.sync(bill)
    return bill


@pytest.fixture
def sealed(draft: Invoice) -> Invoice:
    """A bill that is ready to be finalized."""
    with transaction():
        seal_now(draft, now=utc_now())
    return draft


def deliver_with_key(syncer: Syncer, body: dict[str, Any], key: str | None) -> WebhookEvent:
    """Process an event of a call whose step was not known yet when it arrived."""
    row = deliver(syncer, body | {"type": "invoice.created"})
    with transaction():
        row.type, row.idempotency_key = body["type"], key
    with transaction():
        process(row.id, gateway=syncer.gateway, checkpoint=checkpoint, now=NOW, replay=True)
    db.session.refresh(row)
    return row


def test_an_edit_of_a_draft_is_compared_at_once_and_its_schedule_is_taken_over(
    draft: Invoice, syncer: Syncer
) -> None:
    at = NOW + timedelta(days=9)
    schedule = {"automatically_finalizes_at": int(at.timestamp())}
    deliver(syncer, told(syncer, draft, "invoice.updated", AT, **schedule), now=NOW)
    assert (draft.needs_verification, draft.next_sync_at) == (True, NOW)
    assert draft.automatically_finalizes_at == at.replace(microsecond=0)


@pytest.mark.parametrize(("later", "is_taken"), [(-1, False), (0, True), (1, True)])
def test_an_older_schedule_is_not_taken_for_the_present_one(
    draft: Invoice, syncer: Syncer, later: int, is_taken: bool
) -> None:
    with transaction():
        draft.stripe_told_at = NOW.replace(microsecond=0)
    at = int(NOW.timestamp()) + later
    deliver(syncer, told(syncer, draft, "invoice.updated", at, automatically_finalizes_at=None))
    assert (draft.automatically_finalizes_at is None) == is_taken
    assert draft.needs_verification


def test_it_is_said_whether_an_edit_changed_the_total(draft: Invoice, syncer: Syncer) -> None:
    same = deliver(syncer, told(syncer, draft, "invoice.updated", AT))
    other = deliver(syncer, told(syncer, draft, "invoice.updated", AT, total_excluding_tax=5))
    assert ("as agreed" in str(same.result), "differs" in str(same.result)) == (True, False)
    assert ("as agreed" in str(other.result), "differs" in str(other.result)) == (False, True)


def test_an_edit_of_what_is_held_or_the_echo_of_our_own_call_asks_for_nothing(
    draft: Invoice, syncer: Syncer
) -> None:
    edited = told(syncer, draft, "invoice.updated", AT)
    run = db.session.scalars(select(SyncRun)).one()
    echo = deliver_with_key(syncer, edited, run.steps[-1].idempotency_key)
    with transaction():
        draft.parked_at, draft.parked_code, draft.parked_reason = NOW, "held", "Held."
    held = deliver(syncer, told(syncer, draft, "invoice.updated", AT))
    assert (echo.state, held.state, draft.needs_verification) == ("ignored", "ignored", False)


@pytest.mark.parametrize("kind", ["updated", "created", "finalized", "deleted", "voided"])
def test_an_invoice_of_somebody_else_is_ignored(draft: Invoice, syncer: Syncer, kind: str) -> None:
    theirs = told(syncer, draft, f"invoice.{kind}", AT, id="in_theirs", metadata={})
    theirs["data"]["object"]["status"] = "void" if kind == "voided" else "draft"
    syncer.operations()
    done = deliver(syncer, theirs)
    assert (done.state, syncer.operations()) == ("ignored", [])
    assert (draft.status, draft.needs_verification) == ("draft", False)


def test_that_a_draft_appeared_is_no_news(draft: Invoice, syncer: Syncer) -> None:
    assert deliver(syncer, told(syncer, draft, "invoice.created", AT)).state == "ignored"


def test_a_draft_that_is_told_as_issued_is_older_than_what_is_known(
    open_bill: Invoice, syncer: Syncer
) -> None:
    body = told(syncer, open_bill, "invoice.updated", AT, status="draft")
    assert deliver(syncer, body).state == "ignored"
    assert (open_bill.status, open_bill.needs_verification) == ("open", False)


def test_what_stripe_finalized_first_is_reconciled_by_a_sync_that_reads(
    draft: Invoice, syncer: Syncer
) -> None:
    body = told(syncer, draft, "invoice.finalized", AT, status="open")
    with transaction():
        # As when the reply that named it was lost.
        stripe_id, draft.stripe_invoice_id = draft.stripe_invoice_id, None
    row = deliver(syncer, body, now=NOW)
    run = db.session.scalars(select(SyncRun).order_by(SyncRun.id.desc())).first()
    assert run is not None
    assert (run.trigger, run.verify, run.actor_kind, run.state) == (
        "event",
        True,
        "stripe",
        "queued",
    )
    assert (run.created_at, row.state) == (NOW, "processed")
    assert (draft.status, draft.stripe_status, draft.stripe_invoice_id) == (
        "draft",
        "open",
        stripe_id,
    )


def test_the_sync_that_an_event_asks_for_is_handed_to_the_caller(
    draft: Invoice, syncer: Syncer
) -> None:
    row = deliver(syncer, told(syncer, draft, "invoice.created", AT, status="open"))
    with transaction():
        row.type = "invoice.finalized"
        runs = process(row.id, gateway=syncer.gateway, checkpoint=checkpoint, now=NOW, replay=True)
    assert [(run.invoice_id, run.trigger) for run in runs] == [(draft.id, "event")]


@pytest.mark.parametrize(
    ("total", "is_ours", "status"),
    [(4000, False, "open"), (4000, True, "open"), (4500, True, "open"), (4500, False, "sealed")],
)
def test_a_sealed_bill_is_taken_over_unless_somebody_finalized_another_total(
    sealed: Invoice, syncer: Syncer, total: int, is_ours: bool, status: str
) -> None:
    run = db.session.scalars(select(SyncRun)).one()
    key = run.steps[-1].idempotency_key if is_ours else None
    body = told(syncer, sealed, "invoice.finalized", AT, status="open", total_excluding_tax=total)
    deliver_with_key(syncer, body, key)
    runs = db.session.scalars(select(SyncRun).where(SyncRun.trigger == "event")).all()
    assert (sealed.status, len(runs)) == (status, int(status == "sealed"))


def test_a_move_at_stripe_is_on_record_with_both_ends(open_bill: Invoice, syncer: Syncer) -> None:
    body = told(syncer, open_bill, "invoice.paid", AT, status="paid", amount_paid=4000)
    done = deliver(syncer, body, now=NOW)
    assert done.result == "The invoice went from open to paid."
    facts = {"from": "open", "to": "paid", "stripe_id": open_bill.stripe_invoice_id}
    assert on_record("invoice.paid") == ("stripe", NOW, facts)
    again = deliver(syncer, body | {"id": "evt_again"})
    assert (again.state, on_record("invoice.paid")[1]) == ("processed", NOW)


def test_why_a_payment_failed_is_kept_in_stripes_words_and_counted(
    open_bill: Invoice, syncer: Syncer
) -> None:
    facts = {"attempt_count": None, "last_payment_error": {"message": "Funds are low."}}
    failed = told(syncer, open_bill, "invoice.payment_failed", AT, **facts)
    failed["data"]["object"]["attempt_count"] = 0
    deliver(syncer, failed)
    assert (open_bill.failed_attempts, open_bill.status) == (1, "open")
    assert open_bill.payment_failure == "Funds are low (1 attempt so far)."
    kinder = told(syncer, open_bill, "invoice.updated", AT + 9, attempt_count=2)
    deliver(syncer, kinder)
    assert open_bill.failed_attempts == 1


def test_a_finalization_that_failed_holds_ours_alone_and_says_since_when(
    draft: Invoice, syncer: Syncer
) -> None:
    body = told(syncer, draft, "invoice.finalization_failed", AT)
    theirs = told(syncer, draft, "invoice.finalization_failed", AT, id="in_theirs", metadata={})
    assert (deliver(syncer, theirs).state, draft.parked_at) == ("ignored", None)
    deliver(syncer, body, now=NOW)
    assert (draft.parked_code, draft.parked_at) == ("finalization_failed", NOW)
    assert "no reason was given" in str(draft.parked_reason)


def test_a_deleted_draft_is_on_record_and_made_anew_at_once(draft: Invoice, syncer: Syncer) -> None:
    stripe_id = draft.stripe_invoice_id
    data = invoice_json(syncer.simulator.url, str(stripe_id))
    done = deliver(syncer, event("invoice.deleted", data), now=NOW)
    assert (done.state, draft.stripe_invoice_id, draft.next_sync_at) == ("processed", None, NOW)
    expected = ("stripe", NOW, {"stripe_id": stripe_id})
    assert on_record("invoice.deleted_at_stripe") == expected


def test_an_issued_invoice_is_not_deleted_by_any_event(open_bill: Invoice, syncer: Syncer) -> None:
    before = open_bill.stripe_invoice_id
    done = deliver(syncer, told(syncer, open_bill, "invoice.deleted", AT))
    assert (done.state, open_bill.stripe_invoice_id) == ("ignored", before)


def test_whom_an_invoice_is_made_out_to_and_its_tax_are_kept(
    open_bill: Invoice, syncer: Syncer
) -> None:
    total = open_bill.total_cents
    told_of = {
        "customer_name": "Harbour Robotics, LLC",
        "customer_tax_ids": [{"type": "us_ein", "value": "00-7654321"}],
        "total": total + 350,
        "total_excluding_tax": total,
    }
    deliver(syncer, told(syncer, open_bill, "invoice.updated", AT, status="open", **told_of))
    assert (open_bill.tax_cents, open_bill.total_cents) == (350, total)
    assert open_bill.billed_to is not None
    assert open_bill.billed_to["name"] == "Harbour Robotics, LLC"
    assert open_bill.billed_to["tax_ids"] == ["00-7654321"]

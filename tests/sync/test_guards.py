"""Single conditions whose loss nothing else would show: each has the test that fails without it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from dashboard.billing.close import seal_now
from dashboard.billing.locks import lock_open, lock_row
from dashboard.billing.models import Invoice
from dashboard.billing.policy import current_policy
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.gateway.records import InvoiceDraft, RemoteInvoice
from dashboard.gateway.stripe import StripeGateway
from dashboard.sync.agreed import agreement
from dashboard.sync.compare import Comparison
from dashboard.sync.finalize import refusal
from dashboard.sync.models import SyncStep
from dashboard.sync.request import Request, preview, request_sync
from dashboard.sync.snapshot import glance, take_snapshot
from dashboard.sync.stripe_draft import finalizes_at
from dashboard.transaction import transaction
from tests.support.billing import put
from tests.support.syncing import Syncer, gateway_of


def is_held(invoice: Invoice) -> bool:
    """Whether another connection would have to wait for the invoice's row."""
    query = text("select id from invoices where id = :id for no key update nowait")
    with db.engine.connect() as other:
        try:
            other.execute(query, {"id": invoice.id})
        except OperationalError:
            return True
    return False


def test_the_open_invoices_of_an_organization_are_held_until_the_commit(bill: Invoice) -> None:
    with transaction():
        assert [one.id for one in lock_open({bill.organization_id})] == [bill.id]
        assert is_held(bill)
    assert not is_held(bill)


def test_a_snapshot_is_taken_with_the_invoice_held_and_as_it_is_now(bill: Invoice) -> None:
    put(bill, a=4000)
    with transaction():
        seen = bill.revision
        with db.engine.begin() as other:
            other.execute(text("update invoices set revision = revision + 1"))
        assert take_snapshot(bill).revision == seen + 1
        assert is_held(bill)


def test_who_only_looks_holds_nothing_and_sees_it_as_it_is_now(bill: Invoice) -> None:
    put(bill, a=4000)
    with transaction():
        seen = bill.revision
        with db.engine.begin() as other:
            other.execute(text("update invoices set revision = revision + 1"))
        assert glance(bill).revision == seen + 1
        assert not is_held(bill)


def test_locking_a_row_forgets_nothing_that_was_changed_before(bill: Invoice) -> None:
    with transaction():
        bill.number = "R-1"
        lock_row(bill)
    db.session.refresh(bill)
    assert bill.number == "R-1"


def test_the_gate_wants_the_agreed_lines_to_come_to_the_same(bill: Invoice, syncer: Syncer) -> None:
    put(bill, a=4000)
    syncer.sync(bill)
    clean = Comparison((), (), ())
    assert refusal(bill, clean, agreement(bill.id)) is None
    # Ledger and Stripe say the same total, but it is not that of the lines that were agreed.
    with transaction():
        db.session.execute(text("update synced_lines set amount_cents = 3999"))
        reason = refusal(bill, clean, agreement(bill.id))
    assert reason is not None
    assert reason[0] == "total_differs"


def test_a_close_that_joins_a_click_is_not_bound_to_what_the_click_saw(bill: Invoice) -> None:
    put(bill, a=4000)
    with transaction():
        seen = preview(bill).hash
        clicked = request_sync(bill, Request("support", plan_hash=seen), now=utc_now())
        assert clicked.expected_plan_hash == seen
        seal_now(bill, now=utc_now())
        joined = request_sync(bill, Request("final", verify=True), now=utc_now())
        assert joined is clicked
        assert (joined.trigger, joined.verify) == ("final", True)
        assert joined.expected_plan_hash is None


class Unscheduled(StripeGateway):
    """Answers the creation of a draft as if Stripe had not taken the schedule over."""

    shown_at: datetime | None = None

    def create_invoice(self, draft: InvoiceDraft, *, key: str) -> RemoteInvoice:
        """Create it, and show another schedule."""
        made = super().create_invoice(draft, key=key)
        return replace(made, auto_advance=True, automatically_finalizes_at=self.shown_at)


@pytest.mark.parametrize("shown_at", [None, datetime(2030, 1, 1, tzinfo=UTC)])
def test_a_draft_whose_schedule_did_not_read_back_is_held(
    bill: Invoice, syncer: Syncer, shown_at: datetime | None
) -> None:
    gateway = gateway_of(Unscheduled, syncer.simulator.url)
    gateway.shown_at = shown_at
    syncer.gateway = gateway
    put(bill, a=4000)
    syncer.sync(bill)
    made = db.session.scalars(select(SyncStep).order_by(SyncStep.id)).all()
    names = [(step.operation, step.body.get("at", "")) for step in made]
    assert names[1:3] == [("create_invoice", ""), ("schedule", None)]


@pytest.mark.parametrize("late", [timedelta(0), timedelta(days=5)])
def test_a_draft_made_late_leaves_its_people_the_whole_time(bill: Invoice, late: timedelta) -> None:
    hours = timedelta(hours=current_policy().autofinalize_after_hours)
    assert finalizes_at(bill, bill.period_end + late) == bill.period_end + late + hours
    assert finalizes_at(bill, bill.period_end - timedelta(days=1)) == bill.period_end + hours

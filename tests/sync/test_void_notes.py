"""A credit note is voided at Stripe once, whatever happens to the call."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from dashboard.billing.credit_note_models import CreditNote
from dashboard.billing.credit_note_void import ask_void
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.sync.issue_notes import carry_out_note, waiting_since
from dashboard.sync.models import SyncStep
from dashboard.sync.stripe_calls.credit_notes import VoidNote
from dashboard.transaction import transaction
from tests.factories import SUPPORT
from tests.support.notes_at_stripe import ask, credited, issue, issued, pay, plan
from tests.support.syncing import Syncer

__all__ = ["issued"]
TO_VOID = "/v1/credit_notes/[^/]+/void$"


@pytest.fixture
def note(issued: Invoice, syncer: Syncer) -> CreditNote:
    """An issued note over 15.00 of a bill of 42.00, which is to be voided."""
    made = plan(issued, a=1500)
    issue(made, syncer)
    assert made.state == "issued"
    with transaction():
        ask_void(made, reason="Ticket 4712", actor=SUPPORT, now=utc_now())
    return made


def states_at_stripe(issued: Invoice, syncer: Syncer) -> list[str]:
    return [one.status for one in syncer.gateway.credit_notes(str(issued.stripe_invoice_id))]


def test_its_amount_is_due_again(issued: Invoice, note: CreditNote, syncer: Syncer) -> None:
    syncer.operations()
    issue(note, syncer)
    assert (note.state, note.void_asked_at, credited(issued)) == ("void", None, {})
    assert syncer.operations() == [
        "POST POST /v1/credit_notes/{id}/void", "GET GET /v1/invoices/{invoice}",
    ]  # fmt: skip
    db.session.refresh(issued)
    assert (issued.amount_remaining_cents, issued.status) == (4200, "open")
    issue(note, syncer)
    assert syncer.operations() == []


@pytest.mark.parametrize(
    "fault", ["drop_before", "drop_after", "error_before", "error_after", "rate_limited"]
)
@pytest.mark.parametrize("ahead", [timedelta(), timedelta(hours=23)])
def test_whatever_happens_to_the_call_it_is_void_in_the_end(
    issued: Invoice, note: CreditNote, syncer: Syncer, fault: str, ahead: timedelta
) -> None:
    kind, status = (fault, {}) if fault != "rate_limited" else ("error_before", {"status": 429})
    rule = syncer.simulator.fault(kind, TO_VOID, method="POST", **status)
    issue(note, syncer)
    assert (note.state, credited(issued)) == ("issued", {"a": 1500})
    issue(note, syncer)
    syncer.simulator.delete(f"faults/{rule}")
    issue(note, Syncer(syncer.gateway, syncer.simulator, ahead=ahead))
    assert (note.state, credited(issued)) == ("void", {})
    assert states_at_stripe(issued, syncer) == ["void"]
    steps = select(SyncStep).where(SyncStep.operation == VoidNote.operation)
    assert all(step.outcome for step in db.session.scalars(steps))


@pytest.mark.parametrize("dies_after", [1, 2, 3])
def test_a_worker_that_dies_between_two_transactions_loses_nothing(
    issued: Invoice, note: CreditNote, syncer: Syncer, dies_after: int
) -> None:
    with pytest.raises(SystemExit), syncer.work_on(note.invoice, commits=dies_after) as work:
        carry_out_note(note, work)
    issue(note, Syncer(syncer.gateway, syncer.simulator, ahead=timedelta(minutes=2)))
    assert (note.state, credited(issued)) == ("void", {})
    assert states_at_stripe(issued, syncer) == ["void"]


def test_an_invoice_that_is_paid_meanwhile_keeps_its_note(
    issued: Invoice, note: CreditNote, syncer: Syncer
) -> None:
    pay(issued, syncer)
    issue(note, syncer)
    assert (note.state, note.void_asked_at, credited(issued)) == ("issued", None, {"a": 1500})
    assert "open invoice" in (note.error or "")
    db.session.refresh(issued)
    assert (issued.status, issued.parked_at) == ("paid", None)


def test_one_that_is_refused_when_it_is_made_again_ends(
    issued: Invoice, note: CreditNote, syncer: Syncer
) -> None:
    rule = syncer.simulator.fault("error_before", TO_VOID, method="POST")
    issue(note, syncer)
    syncer.simulator.delete(f"faults/{rule}")
    pay(issued, syncer)
    issue(note, syncer)
    assert (note.state, note.void_asked_at) == ("issued", None)
    steps = select(SyncStep).where(SyncStep.operation == VoidNote.operation)
    assert all(step.outcome for step in db.session.scalars(steps))


def test_what_somebody_voided_at_stripe_first_is_taken_over(
    issued: Invoice, note: CreditNote, syncer: Syncer
) -> None:
    ask(syncer, "post", f"credit_notes/{note.stripe_id}/void")
    issue(note, syncer)
    assert (note.state, note.error, credited(issued)) == ("void", None, {})


def test_a_lost_job_is_found_again(note: CreditNote) -> None:
    now = utc_now()
    assert waiting_since(now - timedelta(seconds=20), most=10) == []
    assert waiting_since(now + timedelta(seconds=1), most=10) == [note.id]

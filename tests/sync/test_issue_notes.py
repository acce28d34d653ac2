"""A credit note is issued at Stripe exactly once, whatever happens to its call."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import select

from dashboard.billing.corrections import keep_correction
from dashboard.billing.credit_note_models import CreditNote
from dashboard.billing.credit_notes import follow_note
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.sync.calls import perform
from dashboard.sync.issue_notes import carry_out_note, waiting_since
from dashboard.sync.models import SyncedLine, SyncStep
from dashboard.sync.stripe_calls import call_of
from dashboard.sync.stripe_calls.credit_notes import IssueNote
from dashboard.transaction import transaction
from tests.support.notes_at_stripe import ask, at_stripe, credited, issue, issued, pay, plan
from tests.support.syncing import Syncer

__all__ = ["issued"]
TO_NOTES = "/v1/credit_notes$"


def test_a_note_lowers_what_is_due_and_what_its_items_bill(issued: Invoice, syncer: Syncer) -> None:
    note = plan(issued, a=1500, b=200)
    syncer.operations()
    issue(note, syncer)
    assert (note.state, note.error, credited(issued)) == ("issued", None, {"a": 1500, "b": 200})
    assert syncer.operations() == [
        "POST POST /v1/credit_notes", "GET GET /v1/invoices/{invoice}",
    ]  # fmt: skip
    db.session.refresh(issued)
    assert (issued.total_cents, issued.amount_remaining_cents, issued.status) == (
        4200,
        2500,
        "open",
    )
    issue(note, syncer)
    assert at_stripe(issued, syncer) == [1700]


def test_a_note_over_all_makes_it_paid(issued: Invoice, syncer: Syncer) -> None:
    issue(plan(issued, a=4000, b=200), syncer)
    db.session.refresh(issued)
    assert (issued.status, issued.amount_paid_cents, credited(issued)) == (
        "paid", 0, {"a": 4000, "b": 200},
    )  # fmt: skip


@pytest.mark.parametrize(
    "fault", ["drop_before", "drop_after", "error_before", "error_after", "rate_limited"]
)
@pytest.mark.parametrize("ahead", [timedelta(), timedelta(hours=23)])
def test_whatever_happens_to_the_call_there_is_one_note(
    issued: Invoice, syncer: Syncer, fault: str, ahead: timedelta
) -> None:
    note = plan(issued, a=1500)
    kind, status = (fault, {}) if fault != "rate_limited" else ("error_before", {"status": 429})
    rule = syncer.simulator.fault(kind, TO_NOTES, method="POST", **status)
    issue(note, syncer)
    assert (note.state, credited(issued)) == ("planned", {})
    issue(note, syncer)
    syncer.simulator.delete(f"faults/{rule}")
    issue(note, Syncer(syncer.gateway, syncer.simulator, ahead=ahead))
    assert (note.state, credited(issued)) == ("issued", {"a": 1500})
    assert at_stripe(issued, syncer) == [1500]
    steps = select(SyncStep).where(SyncStep.operation == IssueNote.operation)
    assert all(step.outcome for step in db.session.scalars(steps))


@pytest.mark.parametrize("dies_after", [1, 2, 3])
def test_a_worker_that_dies_between_two_transactions_leaves_one_note(
    issued: Invoice, syncer: Syncer, dies_after: int
) -> None:
    """Whatever was committed is all that is left: the lease ends, and another worker goes on."""
    note = plan(issued, a=1500)
    with pytest.raises(SystemExit), syncer.work_on(note.invoice, commits=dies_after) as work:
        carry_out_note(note, work)
    later = Syncer(syncer.gateway, syncer.simulator, ahead=timedelta(minutes=2))
    issue(note, later)
    assert (note.state, credited(issued)) == ("issued", {"a": 1500})
    assert at_stripe(issued, syncer) == [1500]


def fail_without_doing_it(note: CreditNote, syncer: Syncer, fault: str) -> None:
    rule = syncer.simulator.fault(fault, TO_NOTES, method="POST")
    issue(note, syncer)
    syncer.simulator.delete(f"faults/{rule}")


@pytest.mark.parametrize("dies_after", [None, *range(2, 7)])
def test_one_issued_anew_after_an_error_is_issued_once(
    issued: Invoice, syncer: Syncer, dies_after: int | None
) -> None:
    """The second call is lost, or its worker dies: only one of both is ever open."""
    note = plan(issued, a=1500)
    fail_without_doing_it(note, syncer, "error_before")
    if dies_after is None:
        fail_without_doing_it(note, syncer, "drop_before")
    else:
        with suppress(SystemExit), syncer.work_on(note.invoice, commits=dies_after) as work:
            carry_out_note(note, work)
    still_open = select(SyncStep).where(SyncStep.outcome.is_(None))
    assert len(db.session.scalars(still_open).all()) <= 1
    issue(note, Syncer(syncer.gateway, syncer.simulator, ahead=timedelta(minutes=2)))
    assert (note.state, credited(issued)) == ("issued", {"a": 1500})
    assert at_stripe(issued, syncer) == [1500]


def test_a_call_of_one_that_was_issued_since_is_read_back(issued: Invoice, syncer: Syncer) -> None:
    """Whatever key it was issued under: this one Stripe may never have seen."""
    note = plan(issued, a=1500)
    fail_without_doing_it(note, syncer, "drop_before")
    with syncer.work_on(note.invoice) as work:
        [lost] = db.session.scalars(select(SyncStep).where(SyncStep.outcome.is_(None)))
        perform(work, call_of(lost))
    issue(note, syncer)
    assert at_stripe(issued, syncer) == [1500]


@pytest.mark.parametrize("is_first", [True, False])
def test_the_event_may_come_before_the_reply_is_kept_or_after(
    issued: Invoice, syncer: Syncer, is_first: bool
) -> None:
    note = plan(issued, a=1500)
    if is_first:
        rule = syncer.simulator.fault("drop_after", TO_NOTES, method="POST")
        issue(note, syncer)
        syncer.simulator.delete(f"faults/{rule}")
    else:
        issue(note, syncer)
    [told] = syncer.gateway.credit_notes(str(issued.stripe_invoice_id))
    with transaction():
        kept = keep_correction(issued, told)
        follow_note(issued, told, kept.row.status, now=utc_now())
    db.session.refresh(note)
    assert (note.state, credited(issued)) == ("issued", {"a": 1500})
    issue(note, syncer)
    assert (at_stripe(issued, syncer), credited(issued)) == ([1500], {"a": 1500})


def test_what_stripe_refuses_credits_nothing_and_says_why(issued: Invoice, syncer: Syncer) -> None:
    note = plan(issued, a=1500)
    # A person at Stripe is quicker: not as much is left.
    credit_at_stripe(syncer, issued, 4000)
    issue(note, syncer)
    assert (note.state, credited(issued)) == ("refused", {})
    assert "left of the line" in (note.error or "") or "larger" in (note.error or "")
    db.session.refresh(issued)
    assert issued.parked_at is None


def test_one_that_is_refused_when_it_is_made_again_ends(issued: Invoice, syncer: Syncer) -> None:
    """Stripe failed without doing it; by the time that is found out, nothing is left to credit."""
    note = plan(issued, a=1500)
    rule = syncer.simulator.fault("error_before", TO_NOTES, method="POST")
    issue(note, syncer)
    syncer.simulator.delete(f"faults/{rule}")
    credit_at_stripe(syncer, issued, 4200)
    issue(note, syncer)
    assert (note.state, credited(issued)) == ("refused", {})
    syncer.operations()
    issue(note, syncer)
    steps = select(SyncStep).where(SyncStep.operation == IssueNote.operation)
    assert all(step.outcome for step in db.session.scalars(steps))


def test_the_part_that_was_paid_goes_where_the_note_says(issued: Invoice, syncer: Syncer) -> None:
    pay(issued, syncer)
    note = plan(
        issued, a=1500, shares={"refund_cents": 1000, "balance_cents": 300, "outside_cents": 200}
    )
    issue(note, syncer)
    assert (note.state, credited(issued)) == ("issued", {"a": 1500})
    balance = ask(syncer, "get", f"customers/{issued.organization.stripe_customer_id}")["balance"]
    assert balance == -300


@pytest.mark.parametrize("is_learned", [True, False])
def test_of_rolled_up_items_their_line_is_credited(
    issued: Invoice, syncer: Syncer, is_learned: bool
) -> None:
    """Stripe has one line for both; no reply may have shown its id yet."""
    with transaction():
        lines = {line.key: line for line in db.session.scalars(select(SyncedLine))}
        lines["a"].members = {"x": 3000, "b": 200}
        line_id = lines["a"].stripe_line_id
        db.session.delete(lines["b"])
        if not is_learned:
            lines["a"].stripe_line_id = None
    issue(plan(issued, b=150), syncer)
    [note] = ask(syncer, "get", "credit_notes", invoice=issued.stripe_invoice_id)["data"]
    credited_there = [(one["invoice_line_item"], one["amount"]) for one in note["lines"]["data"]]
    assert credited_there == [(line_id, 150)]
    assert credited(issued) == {"b": 150}


def test_what_stripe_has_no_line_for_gets_one_of_its_own(issued: Invoice, syncer: Syncer) -> None:
    with transaction():
        for line in db.session.scalars(select(SyncedLine)):
            db.session.delete(line)
    issue(plan(issued, b=150), syncer)
    [note] = ask(syncer, "get", "credit_notes", invoice=issued.stripe_invoice_id)["data"]
    assert [(one["type"], one["amount"]) for one in note["lines"]["data"]] == [
        ("custom_line_item", 150)
    ]


def test_a_lost_job_is_found_again(issued: Invoice) -> None:
    note = plan(issued, a=1500)
    now = utc_now()
    assert waiting_since(now - timedelta(seconds=20), most=10) == []
    assert waiting_since(now + timedelta(seconds=1), most=10) == [note.id]


def credit_at_stripe(syncer: Syncer, bill: Invoice, cents: int) -> None:
    """Credit as somebody in Stripe's dashboard would."""
    ask(syncer, "post", "credit_notes", invoice=bill.stripe_invoice_id, amount=cents)

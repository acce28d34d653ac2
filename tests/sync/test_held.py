"""While closings are held a final run waits, and Stripe does not issue the bill meanwhile."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from dashboard.audit.actor import Actor
from dashboard.billing.models import Invoice
from dashboard.billing.outcome import put_on_hold
from dashboard.clock import utc_now
from dashboard.closing.pause import pause_closings, resume_closings
from dashboard.gateway.stripe import StripeGateway
from dashboard.sync.compare import Comparison
from dashboard.sync.converge import converge
from dashboard.sync.draft_work import DraftWork
from dashboard.sync.request import abandoned_runs
from dashboard.transaction import checkpoint, transaction
from tests.support.billing import put
from tests.support.sync_acts import close, is_scheduled, seal
from tests.support.syncing import Syncer

ADA = Actor("user", 1, "Ada")
FINALIZED = "POST PostInvoicesInvoiceFinalize"


@pytest.fixture
def sealed(bill: Invoice, syncer: Syncer) -> Invoice:
    """A sealed bill whose draft is at Stripe."""
    put(bill, a=4000)
    syncer.sync(bill)
    put(bill, b=2500)
    seal(bill)
    syncer.operations()
    return bill


def pause(**ahead: int) -> None:
    now = utc_now()
    with transaction():
        pause_closings(until=now + timedelta(**ahead), reason="Wait.", actor=ADA, now=now)


def test_a_final_run_calls_nothing_and_counts_no_attempt(sealed: Invoice, syncer: Syncer) -> None:
    pause(hours=2)
    run = close(sealed, syncer)
    assert (run.state, run.attempts, run.error_code) == ("retrying", 0, "closings_held")
    assert "Wait." in str(run.error)
    assert (sealed.status, sealed.sync_failures, syncer.operations()) == ("sealed", 0, [])


def test_it_goes_on_once_somebody_resumes(sealed: Invoice, syncer: Syncer) -> None:
    pause(hours=2)
    run = close(sealed, syncer)
    assert abandoned_runs(now=utc_now(), most=9) == []
    with transaction():
        resume_closings(None, actor=ADA, now=utc_now())
    assert abandoned_runs(now=utc_now(), most=9) == [run.id]
    syncer.carry_out(run)
    assert (run.state, sealed.status, sealed.total_cents) == ("succeeded", "open", 6500)


def test_it_goes_on_by_the_clock_once_the_end_has_come(sealed: Invoice, syncer: Syncer) -> None:
    pause(hours=2)
    run = close(sealed, syncer)
    syncer.ahead = timedelta(hours=2, seconds=1)
    assert abandoned_runs(now=syncer.clock(), most=9) == [run.id]
    syncer.carry_out(run)
    assert (run.state, sealed.status) == ("succeeded", "open")


def test_what_stripe_would_issue_during_the_pause_is_moved_behind_it(
    sealed: Invoice, syncer: Syncer
) -> None:
    with transaction():
        sealed.automatically_finalizes_at = utc_now() + timedelta(hours=20)
    pause(days=3)
    run = close(sealed, syncer)
    assert (run.state, sealed.status) == ("retrying", "sealed")
    assert len(syncer.operations()) == 1
    assert sealed.automatically_finalizes_at is not None
    assert sealed.automatically_finalizes_at > utc_now() + timedelta(days=3, hours=6)
    # The next look finds it safe, and calls nothing.
    syncer.carry_out(run)
    assert syncer.operations() == []


def test_a_move_that_fails_is_tried_again(sealed: Invoice, syncer: Syncer) -> None:
    with transaction():
        sealed.automatically_finalizes_at = utc_now() + timedelta(hours=1)
    pause(days=1)
    syncer.simulator.fault("error_before", "/invoices/[^/]+$", times=9)
    run = close(sealed, syncer)
    assert run.state == "retrying"
    assert run.error_code != "closings_held"


def test_a_persons_sync_of_the_current_invoice_goes_on(bill: Invoice, syncer: Syncer) -> None:
    pause(hours=2)
    put(bill, a=4000)
    assert syncer.sync(bill).state == "succeeded"


def test_a_pause_in_the_midst_of_a_run_is_asked_for_before_the_bill_leaves(
    sealed: Invoice, syncer: Syncer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def converge_and_be_paused(work: DraftWork) -> Comparison | None:
        found = converge(work)
        now = utc_now()
        until = now + timedelta(hours=2)
        pause_closings(until=until, reason="Wait.", actor=ADA, now=now)
        checkpoint()
        return found

    monkeypatch.setattr("dashboard.sync.run.converge", converge_and_be_paused)
    run = close(sealed, syncer)
    assert (run.state, run.attempts, run.error_code) == ("retrying", 0, "closings_held")
    assert sealed.status == "sealed"
    assert FINALIZED not in syncer.operations()
    syncer.ahead = timedelta(hours=2, seconds=1)
    monkeypatch.undo()
    syncer.carry_out(run)
    assert (run.state, sealed.status) == ("succeeded", "open")


def soon(bill: Invoice) -> None:
    """Have Stripe issue it within the hour, as far as is known here."""
    with transaction():
        bill.automatically_finalizes_at = utc_now() + timedelta(hours=1)


def test_what_stripe_issued_first_is_taken_over_and_not_held_for_a_person(
    sealed: Invoice, syncer: Syncer
) -> None:
    soon(sealed)
    syncer.gateway.finalize(str(sealed.stripe_invoice_id), key="first")
    pause(hours=2)
    run = close(sealed, syncer)
    assert (run.state, sealed.status, sealed.parked_code) == ("succeeded", "open", None)


def test_a_draft_that_is_gone_needs_no_schedule_moved(sealed: Invoice, syncer: Syncer) -> None:
    soon(sealed)
    syncer.gateway.delete_draft(str(sealed.stripe_invoice_id))
    pause(hours=2)
    run = close(sealed, syncer)
    assert (run.state, run.error_code, sealed.parked_code) == ("retrying", "closings_held", None)
    assert sealed.stripe_invoice_id is None
    syncer.ahead = timedelta(hours=2, seconds=1)
    syncer.carry_out(run)
    assert (run.state, sealed.status, sealed.stripe_total_cents) == ("succeeded", "open", 6500)


def test_a_schedule_that_does_not_read_back_is_switched_off(
    sealed: Invoice, syncer: Syncer, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon(sealed)
    pause(hours=2)
    sent = StripeGateway.schedule_finalization

    def forgets(gateway: StripeGateway, invoice_id: str, at: datetime | None, *, key: str):
        reply = sent(gateway, invoice_id, at, key=key)
        return reply if at is None else replace(reply, automatically_finalizes_at=None)

    monkeypatch.setattr(StripeGateway, "schedule_finalization", forgets)
    assert close(sealed, syncer).state == "retrying"
    assert not is_scheduled(syncer, sealed)


def test_a_finalization_without_an_outcome_is_read_back_and_not_sent_again(
    sealed: Invoice, syncer: Syncer
) -> None:
    syncer.simulator.fault("drop_before", "/finalize$", times=9)
    run = close(sealed, syncer)
    assert run.state == "retrying"
    with transaction():
        run.state = "failed"
    syncer.simulator.delete("faults")
    pause(hours=2)
    syncer.operations()
    syncer.sync(sealed)
    assert FINALIZED not in syncer.operations()
    assert sealed.status == "sealed"


def test_what_a_lost_reply_did_is_known_in_a_pause(sealed: Invoice, syncer: Syncer) -> None:
    syncer.simulator.fault("drop_after", "/finalize$", times=9)
    run = close(sealed, syncer)
    assert (run.state, sealed.status) == ("retrying", "sealed")
    pause(hours=2)
    syncer.carry_out(run)
    assert (run.state, sealed.status, sealed.parked_code) == ("succeeded", "open", None)


def test_a_long_pause_is_waited_for_and_not_looked_at_again_and_again(
    sealed: Invoice, syncer: Syncer
) -> None:
    pause(days=5)
    close(sealed, syncer)
    assert abandoned_runs(now=utc_now() + timedelta(days=4), most=9) == []


def test_what_is_stuck_before_its_sealing_has_its_schedule_moved_and_stays_on_hold(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, a=4000)
    syncer.sync(bill)
    soon(bill)
    with transaction():
        bill.period_end = utc_now() - timedelta(minutes=1)
        put_on_hold(bill, "stuck", "It could not be closed.", now=utc_now())
    pause(days=3)
    run = syncer.sync(bill, "final", verify=True)
    assert (run.state, bill.status, bill.parked_code) == ("succeeded", "draft", "stuck")
    assert bill.automatically_finalizes_at is not None
    assert bill.automatically_finalizes_at > utc_now() + timedelta(days=3, hours=6)
    # Was the pause over meanwhile, nothing lets go of the hold either.
    syncer.ahead = timedelta(days=4)
    syncer.sync(bill, "final", verify=True)
    assert (bill.status, bill.parked_code) == ("draft", "stuck")

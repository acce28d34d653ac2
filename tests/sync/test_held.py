"""While closings are held a final run waits, and Stripe does not issue the bill meanwhile."""

from datetime import timedelta

import pytest

from dashboard.audit.actor import Actor
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.closing.pause import pause_closings, resume_closings
from dashboard.sync.held import go_on
from dashboard.sync.request import abandoned_runs
from dashboard.transaction import transaction
from tests.support.billing import put
from tests.support.sync_acts import close, seal
from tests.support.syncing import Syncer

ADA = Actor("user", 1, "Ada")


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
        go_on()
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

"""Which sealed bills are finalized first, how many are handed out, and none while held."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dashboard.audit.actor import Actor
from dashboard.billing.close import seal
from dashboard.billing.finalize_order import AT_ONCE, finalize_rank
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.closing.pause import pause_closings, resume_closings
from dashboard.extensions import db
from dashboard.money import Money
from dashboard.sync.models import SyncRun
from dashboard.sync.request import due_to_finalize, finals_in_hand, soon_issued_by_stripe
from dashboard.transaction import transaction
from jobs import cycles
from jobs.cycles import finalize_due, switch_off_held
from tests.support.billing import make_bill, put
from tests.support.on_hold import on_hold

pytestmark = pytest.mark.usefixtures("db", "redis")
ADA = Actor("user", 1, "Ada")


def sealed(slug: str, cents: int, *, is_sent: bool = False) -> Invoice:
    """Return a bill that comes to that, sealed by the clock."""
    bill = make_bill(slug)
    put(bill, a=cents)
    with transaction():
        bill.total_cents = cents
        bill.status, bill.seal_after_at = "closing", utc_now() - timedelta(minutes=1)
        if is_sent:
            bill.organization.collection_method = "send_invoice"
            bill.organization.days_until_due = 30
    with transaction():
        seal([bill.id], now=utc_now())
    return bill


def asked_for() -> list[int]:
    return list(db.session.scalars(select(SyncRun.invoice_id).order_by(SyncRun.id)))


def test_sent_bills_come_first_then_the_largest() -> None:
    small, large = sealed("acme", 500), sealed("globex", 90_000)
    sent = sealed("initech", 700, is_sent=True)
    assert due_to_finalize(now=utc_now(), most=9) == [sent.id, large.id, small.id]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            finalize_rank(Money(1, "usd"), is_sent=True),
            finalize_rank(Money(10**15, "usd"), is_sent=False),
        ),
        (
            finalize_rank(Money(20_000, "usd"), is_sent=False),
            finalize_rank(Money(150, "jpy"), is_sent=False),
        ),
        (AT_ONCE, finalize_rank(Money(9 * 10**18, "jpy"), is_sent=True)),
    ],
)
def test_the_place_in_line(first: int, second: int) -> None:
    assert first < second


def test_one_whose_final_run_failed_stands_behind_the_others_for_a_while() -> None:
    large, small = sealed("globex", 90_000), sealed("acme", 500)
    with transaction():
        large.finalize_after_at = utc_now() + timedelta(minutes=15)
    assert due_to_finalize(now=utc_now(), most=9) == [small.id]
    later = utc_now() + timedelta(minutes=16)
    assert due_to_finalize(now=later, most=9) == [large.id, small.id]


def test_no_more_is_handed_out_than_can_be_done_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cycles, "MOST", 2)
    bills = [sealed(slug, cents) for slug, cents in (("a", 900), ("b", 800), ("c", 700))]
    finalize_due()
    finalize_due()
    assert sorted(asked_for()) == [bills[0].id, bills[1].id]
    with transaction():
        # Those that wait to try again are in nobody's way.
        for run in db.session.scalars(select(SyncRun)):
            run.state, run.next_attempt_at = "retrying", utc_now() + timedelta(minutes=9)
    finalize_due()
    assert sorted(asked_for()) == [bill.id for bill in bills]


def test_while_paused_only_what_stripe_would_issue_is_handed_out() -> None:
    safe, near = sealed("acme", 500), sealed("globex", 500)
    now = utc_now()
    with transaction():
        safe.automatically_finalizes_at = now + timedelta(days=3)
        near.automatically_finalizes_at = now + timedelta(hours=3)
        pause_closings(until=now + timedelta(hours=4), reason="Wait.", actor=ADA, now=now)
    finalize_due()
    assert asked_for() == [near.id]
    with transaction():
        resume_closings(None, actor=ADA, now=utc_now())
    finalize_due()
    assert asked_for() == [near.id, safe.id]


def test_what_stripe_would_issue_soon_does_not_wait_for_its_place() -> None:
    small, large, medium = sealed("acme", 500), sealed("globex", 90_000), sealed("initech", 700)
    with transaction():
        small.automatically_finalizes_at = utc_now() + timedelta(hours=2)
        medium.automatically_finalizes_at = utc_now() + timedelta(hours=1)
        large.automatically_finalizes_at = utc_now() + timedelta(hours=60)
    line = [medium.id, small.id, large.id]
    assert due_to_finalize(now=utc_now(), most=9) == line
    assert due_to_finalize(now=utc_now(), most=1) == line[:1]


def test_in_a_pause_the_soonest_schedule_is_moved_first() -> None:
    large, small = sealed("globex", 90_000), sealed("acme", 500)
    now = utc_now()
    with transaction():
        large.automatically_finalizes_at = now + timedelta(hours=5)
        small.automatically_finalizes_at = now + timedelta(hours=1)
    found = soon_issued_by_stripe(now=now, before=now + timedelta(hours=9), most=9)
    assert found == [small.id, large.id]


def test_nothing_is_handed_out_while_stripe_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    one = sealed("acme", 500)
    monkeypatch.setattr(cycles, "stripe_is_down", lambda: True)
    finalize_due()
    assert asked_for() == []
    monkeypatch.undo()
    finalize_due()
    assert asked_for() == [one.id]


def test_what_is_due_to_be_tried_again_counts_as_handed_out() -> None:
    sealed("acme", 500)
    finalize_due()
    now = utc_now()
    with transaction():
        run = db.session.scalars(select(SyncRun)).one()
        run.state, run.next_attempt_at = "retrying", now + timedelta(minutes=1)
    assert finals_in_hand(9, now=now) == 0
    assert finals_in_hand(9, now=now + timedelta(minutes=2)) == 1
    with transaction():
        run.error_code = "closings_held"
        pause_closings(until=now + timedelta(hours=4), reason="Wait.", actor=ADA, now=now)
    assert finals_in_hand(9, now=now) == 0
    with transaction():
        resume_closings(None, actor=ADA, now=now)
    assert finals_in_hand(9, now=now) == 1


def test_what_cannot_be_sealed_in_a_pause_is_handed_out_for_its_schedule() -> None:
    stuck, now = make_bill("acme"), utc_now()
    with transaction():
        stuck.automatically_finalizes_at = now + timedelta(hours=3)
    cycles.hold(stuck.id, ValueError("odd"))
    assert asked_for() == []
    with transaction():
        pause_closings(until=now + timedelta(hours=4), reason="Wait.", actor=ADA, now=now)
    cycles.hold(stuck.id, ValueError("odd"))
    assert asked_for() == [stuck.id]


def test_what_is_on_hold_and_stripe_would_issue_within_a_day_is_asked_for_once() -> None:
    near, far = on_hold("near", "total_differs"), on_hold("far", "total_differs")
    now = utc_now()
    with transaction():
        near.automatically_finalizes_at = now + timedelta(hours=23)
        far.automatically_finalizes_at = now + timedelta(hours=25)
    switch_off_held()
    switch_off_held()
    [run] = db.session.scalars(select(SyncRun))
    assert (run.invoice_id, run.trigger) == (near.id, "scheduled")

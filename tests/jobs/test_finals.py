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
from dashboard.sync.request import due_to_finalize
from dashboard.transaction import transaction
from jobs import cycles
from jobs.cycles import finalize_due
from tests.support.billing import make_bill, put

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

"""What the clock asks every few seconds, and the folder all the time, finds only what is due."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from dashboard.billing.close import due_to_seal
from dashboard.billing.roll import due_to_roll
from dashboard.budgets.look import find_moved, is_any_budget, note_used
from dashboard.budgets.unusual import find_unusual
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.invariants.look import look_at
from dashboard.sync.forget import forget_runs
from dashboard.sync.request import abandoned_runs, due_for_sync, due_to_finalize
from dashboard.usage.waiting import organizations_waiting
from dashboard.webhooks.forget import forget_events, prune_lines
from dashboard.webhooks.inbox import due_events, waits_for_a_batch
from dashboard.webhooks.reread import longest_unread
from jobs.budgets import BILLS, HABITS
from jobs.syncs import MOST
from tests.plans.bounds import Bound
from tests.support.explained import explained
from tests.support.many import Many

FEW = 1000
ASKED: dict[str, tuple[Callable[[], object], int]] = {
    "due_to_roll": (lambda: due_to_roll(now=utc_now(), most=MOST), FEW),
    "due_to_seal": (lambda: due_to_seal(now=utc_now(), most=MOST), FEW),
    "due_to_finalize": (lambda: due_to_finalize(now=utc_now(), most=MOST), FEW),
    # A sixtieth of the drafts is due here, two thousand at the most.
    "due_for_sync": (lambda: due_for_sync(now=utc_now(), most=MOST), 12_000),
    "abandoned_runs": (lambda: abandoned_runs(now=utc_now(), most=MOST), FEW),
    "due_events": (lambda: due_events(now=utc_now(), most=MOST), FEW),
    "waits_for_a_batch": (lambda: waits_for_a_batch(now=utc_now()), FEW),
    "longest_unread": (lambda: longest_unread(most=10), FEW),
    "organizations_waiting": (lambda: organizations_waiting(most=100), FEW),
    "is_any_budget": (is_any_budget, 10),
    # A slice of a thousand, of which everybody is looked at for the first time.
    "find_moved": (lambda: find_moved(0, most=BILLS, now=utc_now()), 8_000),
    "note_used": (lambda: note_used(range(1, 1001), now=utc_now(), is_mailed=True), 60_000),
    "find_unusual": (
        lambda: find_unusual(range(1, HABITS + 1), now=utc_now(), is_mailed=True),
        6_000,
    ),
    # A slice of two hundred: a year of invoices of each, their items and their usage.
    "look_at": (lambda: look_at(range(1, 201), now=utc_now()), 40_000),
    "forget_runs": (lambda: forget_runs(0, before=_days_ago(5), most=200), 4000),
    "forget_events": (lambda: forget_events(0, before=_days_ago(40), most=200), 4000),
    "prune_lines": (lambda: prune_lines(0, now=utc_now(), most=200), 30_000),
}


def _days_ago(days: int):
    return utc_now() - timedelta(days=days)


@pytest.mark.parametrize("asked", ASKED)
def test_what_the_clock_asks(asked: str, many: Many, filled) -> None:
    ask, most = ASKED[asked]
    with filled.app_context(), explained(db.engine) as plans:
        ask()
        db.session.rollback()
    Bound(asked, most).check(plans, many)

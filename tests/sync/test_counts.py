"""Few are counted as they are; of many the number is kept, with the time at which it was right."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dashboard import paging
from dashboard.extensions import db
from dashboard.paging import Counted
from dashboard.sync import counts
from dashboard.sync.counts import count, recount
from dashboard.sync.models import SyncRun
from dashboard.sync.tallies import RunCounts, RunTally, run_counts, tally
from dashboard.transaction import transaction
from tests.factories import NOW, make_organization
from tests.people import bill_of

pytestmark = pytest.mark.usefixtures("db")
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def most(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page counts to two."""
    monkeypatch.setattr(paging, "MOST_COUNTED", 2)
    monkeypatch.setattr(counts, "MOST_COUNTED", 2)


def runs(number: int, *, at=NOW, state: str = "succeeded") -> None:
    """Make so many runs that ended then, of an invoice of their own."""
    with transaction():
        bill = bill_of(make_organization(f"org-{at.timestamp():.0f}-{state}"))
        for _ in range(number):
            run = SyncRun(
                organization_id=bill.organization_id,
                invoice_id=bill.id,
                trigger="scheduled",
                state=state,
                actor_kind="system",
                actor_label="clock",
                calls_made=2,
                created_at=at,
                finished_at=at,
            )
            db.session.add(run)


def test_few_are_counted_at_each_look() -> None:
    for number in range(3):
        assert count({"all": select(SyncRun.id)})["all"] == Counted(number)
        runs(1, at=NOW - number * MINUTE)


def test_many_are_more_than_the_most_until_they_were_counted() -> None:
    runs(5)
    all_of_them = {"all": select(SyncRun.id)}
    assert count(all_of_them)["all"] == Counted(2, is_more=True)
    with transaction():
        recount(all_of_them, now=NOW)
    runs(1, at=NOW + MINUTE)
    assert count(all_of_them)["all"] == Counted(5, counted_at=NOW)


def test_what_has_become_few_again_is_as_it_is_now() -> None:
    runs(5)
    none = select(SyncRun.id).where(SyncRun.state == "failed")
    with transaction():
        recount({"all": select(SyncRun.id)}, now=NOW)
        recount({"all": none}, now=NOW + MINUTE)
    assert count({"all": none})["all"] == Counted(0)
    assert count({"all": select(SyncRun.id)})["all"] == Counted(2, is_more=True)


def test_the_runs_of_a_day_are_the_same_whether_added_up_or_not() -> None:
    for hours in (1, 5, 30):
        runs(3, at=NOW - timedelta(hours=hours))
        runs(2, at=NOW - timedelta(hours=hours), state="failed")
    assert run_counts(now=NOW) == RunCounts(6, 4, 20)
    with transaction():
        tally(now=NOW)
    assert run_counts(now=NOW) == RunCounts(6, 4, 20)
    runs(1, at=NOW - MINUTE)
    assert run_counts(now=NOW) == RunCounts(7, 4, 22)
    with transaction():
        tally(now=NOW)
        tally(now=NOW)
    assert run_counts(now=NOW) == RunCounts(7, 4, 22)


def test_a_run_that_shows_a_moment_after_its_minute_was_added_up_is_counted() -> None:
    runs(1, at=NOW)
    with transaction():
        tally(now=NOW + MINUTE)
    runs(1, at=NOW - MINUTE)
    with transaction():
        tally(now=NOW + 2 * MINUTE)
    assert run_counts(now=NOW + 3 * MINUTE).succeeded == 2


def test_what_is_over_a_day_is_forgotten() -> None:
    runs(1, at=NOW)
    with transaction():
        tally(now=NOW)
        tally(now=NOW + timedelta(days=3))
    assert db.session.scalars(select(RunTally.minute)).all() == []

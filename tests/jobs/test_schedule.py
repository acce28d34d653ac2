"""The declared table and what Redis holds are made the same, at every start and again."""

from datetime import timedelta

import pytest
from redis import Redis
from rq_scheduler import Scheduler

from dashboard.clock import utc_now
from jobs.cycles import roll_due, seal_due
from jobs.schedule import TABLE, Entry, reconcile


@pytest.fixture
def scheduler(redis: Redis) -> Scheduler:
    """A scheduler whose Redis holds nothing."""
    return Scheduler(connection=redis)


def held(scheduler: Scheduler) -> list[str]:
    """Return the ids that Redis holds."""
    return sorted(job.id for job in scheduler.get_jobs())


def test_at_the_first_start_everything_declared_is_added(scheduler: Scheduler) -> None:
    assert reconcile(scheduler) == (0, len(TABLE))
    assert held(scheduler) == sorted(entry.id for entry in TABLE)


def test_a_second_start_changes_nothing(scheduler: Scheduler) -> None:
    reconcile(scheduler)
    times = scheduler.get_jobs(with_times=True)
    assert reconcile(scheduler) == (0, 0)
    assert [at for _, at in scheduler.get_jobs(with_times=True)] == [at for _, at in times]


def test_a_changed_entry_is_replaced_and_a_removed_one_cancelled(scheduler: Scheduler) -> None:
    reconcile(scheduler, (Entry(roll_due, 5, hands_out=True), Entry(seal_due, 5, hands_out=True)))
    assert reconcile(scheduler, (Entry(roll_due, 9, hands_out=True),)) == (2, 1)
    assert held(scheduler) == [Entry(roll_due, 9, hands_out=True).id]


def test_an_entry_that_was_lost_is_brought_back(scheduler: Scheduler) -> None:
    reconcile(scheduler)
    scheduler.cancel(TABLE[0].id)
    assert reconcile(scheduler) == (0, 1)


def test_other_peoples_jobs_are_left_alone(scheduler: Scheduler) -> None:
    other = scheduler.enqueue_in(timedelta(hours=1), "builtins.print")
    reconcile(scheduler, ())
    assert held(scheduler) == [other.id]


def test_every_entry_outlives_its_interval(scheduler: Scheduler) -> None:
    reconcile(scheduler)
    assert {job.result_ttl for job in scheduler.get_jobs()} == {-1}


def test_an_entry_that_is_due_too_late_is_due_at_once(scheduler: Scheduler) -> None:
    """A clock that went an hour ahead and was set right would sleep for that hour."""
    reconcile(scheduler)
    late = Entry(roll_due, 5, hands_out=True)
    reconcile(scheduler, (late,))
    [job] = scheduler.get_jobs()
    hour = utc_now().replace(tzinfo=None) + timedelta(hours=1)
    scheduler.change_execution_time(job, hour)
    assert reconcile(scheduler, (late,)) == (0, 1)
    [(_, due)] = scheduler.get_jobs(with_times=True)
    assert due <= utc_now().replace(tzinfo=None)


def test_what_hands_out_is_due_at_the_start_and_a_workers_entry_a_minute_later(
    scheduler: Scheduler,
) -> None:
    reconcile(scheduler)
    now = utc_now().replace(tzinfo=None)
    first = {
        job.id: (due - now).total_seconds() for job, due in scheduler.get_jobs(with_times=True)
    }
    for entry in TABLE:
        assert first[entry.id] == pytest.approx(0 if entry.hands_out else 60, abs=2)

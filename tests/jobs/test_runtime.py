"""A task is queued only once the rows exist, once while it waits, and runs in one transaction."""

import pytest
from flask_sqlalchemy import SQLAlchemy
from redis import Redis
from rq import Queue
from sqlalchemy import func, select

from dashboard.audit.actor import SYSTEM
from dashboard.audit.models import AuditEntry
from dashboard.audit.write import write_entry
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.transaction import after_commit, commit, rollback, transaction
from jobs.cycles import roll_one
from jobs.queues import queue_named
from jobs.runtime import Task, job
from tests.support.billing import make_bill


@pytest.fixture
def closing(db: SQLAlchemy, redis: Redis) -> Queue:
    """The queue that rolls wait in, empty."""
    return queue_named("closing", redis)


def entries() -> int:
    """Return how many audit entries there are."""
    return database.session.scalar(select(func.count()).select_from(AuditEntry)) or 0


def note(organization_id: int) -> None:
    """Write an audit entry; then fail, when asked to by a negative id."""
    write_entry("test.noted", make_bill().organization, SYSTEM, now=utc_now())
    if organization_id < 0:
        raise ValueError("asked to fail")


def test_nothing_is_queued_before_the_commit(closing: Queue) -> None:
    roll_one.enqueue(7)
    assert closing.count == 0
    commit()
    assert closing.count == 1


def test_nothing_is_queued_after_a_rollback(closing: Queue) -> None:
    roll_one.enqueue(7)
    rollback()
    commit()
    assert closing.count == 0


def test_the_same_task_waits_once(closing: Queue) -> None:
    for _ in range(3):
        roll_one.enqueue(7)
        commit()
    roll_one.enqueue(8)
    commit()
    assert closing.count == 2


def test_a_job_commits_when_it_returns(db: SQLAlchemy, redis: Redis) -> None:
    Task(note, queue="closing", timeout=5)(1)
    database.session.rollback()
    assert entries() == 1


def test_a_job_that_raises_leaves_no_row(db: SQLAlchemy, redis: Redis) -> None:
    with pytest.raises(ValueError, match="asked to fail"):
        Task(note, queue="closing", timeout=5)(-1)
    assert entries() == 0


def test_a_failing_block_forgets_what_waited_for_its_commit(db: SQLAlchemy) -> None:
    done: list[int] = []

    def fail() -> None:
        with transaction():
            after_commit(lambda: done.append(1))
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    commit()
    assert done == []


def test_a_queue_nobody_works_on_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'urgent' is not one of the queues"):
        job(queue="urgent", timeout=5)(note)

"""What a worker had when it died comes back at once, but not for ever, and takes nobody along."""

from datetime import timedelta
from typing import Any

import pytest
from flask_sqlalchemy import SQLAlchemy
from redis import Redis
from sqlalchemy import update

from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.transaction import transaction
from dashboard.webhooks.inbox import ATTEMPTS, FIRST_RETRY, take
from dashboard.webhooks.models import WebhookEvent
from dashboard.webhooks.orphans import ENDED_WORKERS, give_back_all_of, suspects
from jobs.inbox import process_event, process_events, sweep_events
from jobs.queues import queue_named
from tests.support.events import event
from tests.support.lives import arrive, events, shown

NOW = utc_now()


def taken(owner: str = "dead", **columns: Any) -> list[int]:
    """Return three events that a worker has."""
    ids = arrive([event("invoice.paid", shown("nobody", "paid")) for _ in range(3)])
    with transaction():
        take(now=NOW, most=9, owner=owner)
        if columns:
            of_them = update(WebhookEvent).where(WebhookEvent.id.in_(ids))
            database.session.execute(of_them.values(columns))
    return ids


def test_what_a_dead_worker_had_is_due_at_once_and_each_by_itself(
    db: SQLAlchemy, redis: Redis
) -> None:
    ids = taken()
    with transaction():
        assert give_back_all_of("dead", now=NOW) == 3
    expected = {("received", 1, NOW, None, True)}
    assert {
        (one.state, one.attempts, one.next_attempt_at, one.claimed_by, one.claimed_at is not None)
        for one in events()
    } == expected
    sweep_events()
    [job] = queue_named("webhooks", redis).jobs
    assert (job.func_name, sorted(job.args)) == (process_events.path, ids)


def test_what_another_worker_has_or_is_done_is_left_alone(db: SQLAlchemy) -> None:
    taken("alive")
    with transaction():
        assert give_back_all_of("dead", now=NOW) == 0
        db.session.execute(update(WebhookEvent).values(claimed_by="dead", state="processed"))
        assert give_back_all_of("dead", now=NOW) == 0
    assert {one.state for one in events()} == {"processed"}


@pytest.mark.parametrize(("attempts", "factor"), [(2, 1), (3, 2), (ATTEMPTS - 1, 32)])
def test_with_what_workers_died_again_is_due_later_each_time(
    db: SQLAlchemy, attempts: int, factor: int
) -> None:
    taken(attempts=attempts)
    with transaction():
        give_back_all_of("dead", now=NOW)
    assert {(one.state, one.next_attempt_at) for one in events()} == {
        ("received", NOW + FIRST_RETRY * factor)
    }


def test_with_what_workers_died_again_goes_in_a_job_of_its_own(
    db: SQLAlchemy, redis: Redis
) -> None:
    long_ago = NOW - timedelta(hours=1)
    first, second, third = taken(attempts=2)
    with transaction():
        give_back_all_of("dead", now=long_ago)
        once = update(WebhookEvent).where(WebhookEvent.id == third)
        db.session.execute(once.values(attempts=1))
        assert suspects([first, second, third]) == {first, second}
        assert suspects([]) == set()
    sweep_events()
    found = [(one.func_name, one.args) for one in queue_named("webhooks", redis).jobs]
    assert found == [
        (process_event.path, (first,)),
        (process_event.path, (second,)),
        (process_events.path, (third,)),
    ]


def test_an_event_that_failed_by_itself_is_no_suspect(db: SQLAlchemy) -> None:
    ids = taken(attempts=5, state="failed")
    assert suspects(ids) == set()


def test_after_the_last_time_it_is_dead_and_says_why(db: SQLAlchemy) -> None:
    taken(attempts=ATTEMPTS)
    with transaction():
        assert give_back_all_of("dead", now=NOW) == 3
    assert {(one.state, one.error, one.next_attempt_at) for one in events()} == {
        ("dead", ENDED_WORKERS, None)
    }

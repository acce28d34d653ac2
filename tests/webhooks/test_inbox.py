"""One worker has an event at a time, and a worker that died gives it back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.gateway.parsing import parse_event
from dashboard.transaction import transaction
from dashboard.webhooks.inbox import CLAIM, claim, failed, handled, stuck_events
from dashboard.webhooks.intake import store
from dashboard.webhooks.models import WebhookEvent
from tests.support.events import event

NOW = utc_now()


@pytest.fixture
def event_id(db: SQLAlchemy) -> int:
    """An event that waits."""
    with transaction():
        [stored] = store(
            [parse_event(event("invoice.paid", {"id": "in_1"}))], source="webhook", now=NOW
        )
    return stored


def take(event_id: int, after: timedelta = timedelta(0), *, replay: bool = False) -> bool:
    """Claim the event some time after now; return whether it was given."""
    with transaction():
        return claim(event_id, now=NOW + after, replay=replay) is not None


def test_of_many_workers_one_is_given_the_event(app: Flask, event_id: int) -> None:
    def worker(_: int) -> bool:
        with app.app_context():
            return take(event_id)

    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(worker, range(8)))
    assert sorted(given) == [False] * 7 + [True]
    database.session.expire_all()
    assert database.session.get_one(WebhookEvent, event_id).attempts == 1


def test_a_claim_holds_until_its_worker_must_be_dead(event_id: int) -> None:
    assert take(event_id)
    moment = timedelta(seconds=1)
    assert stuck_events(now=NOW + CLAIM - moment, most=9) == []
    assert not take(event_id, CLAIM - moment)
    assert not take(event_id, CLAIM - moment, replay=True)
    assert stuck_events(now=NOW + CLAIM, most=9) == [event_id]
    assert take(event_id, CLAIM)
    assert not take(event_id, CLAIM + moment)


def test_what_is_done_is_given_to_a_replay_only(event_id: int) -> None:
    with transaction():
        taken = claim(event_id, now=NOW)
        assert taken is not None
        handled(taken, "Done.", ignored=False, now=NOW)
    assert not take(event_id, CLAIM)
    assert stuck_events(now=NOW + CLAIM, most=9) == []
    assert take(event_id, replay=True)


def test_a_failed_one_waits_for_its_time_and_a_dead_one_for_a_person(event_id: int) -> None:
    for attempt in range(8):
        with transaction():
            taken = claim(event_id, now=NOW)
            assert taken is not None, attempt
            failed(taken, "KeyError: it", now=NOW)
        wait = timedelta(seconds=10 * 2**attempt)
        found = stuck_events(now=NOW + wait, most=9)
        assert found == ([event_id] if attempt < 7 else [])
        assert stuck_events(now=NOW + wait - timedelta(seconds=1), most=9) == []
    assert not take(event_id, CLAIM)
    assert take(event_id, replay=True)

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


def test_a_claim_is_the_newest_word_on_the_event_and_touches_no_other(event_id: int) -> None:
    stale = database.session.get_one(WebhookEvent, event_id)
    with transaction():
        [other] = store(
            [parse_event(event("invoice.paid", {"id": "in_2"}))], source="webhook", now=NOW
        )
        assert (stale.state, stale.attempts) == ("received", 0)
        taken = claim(event_id, now=NOW + CLAIM)
        assert taken is stale
        assert (stale.state, stale.attempts, stale.claimed_at) == ("processing", 1, NOW + CLAIM)
    assert database.session.get_one(WebhookEvent, other).state == "received"
    assert claim(-1, now=NOW) is None


@pytest.mark.parametrize(("ignored", "state"), [(False, "processed"), (True, "ignored")])
def test_what_was_handled_after_a_failure_waits_for_nothing_more(
    event_id: int, ignored: bool, state: str
) -> None:
    with transaction():
        row = database.session.get_one(WebhookEvent, event_id)
        failed(row, "KeyError: it", now=NOW)
        handled(row, "It is paid.", ignored=ignored, now=NOW + CLAIM)
    assert (row.state, row.result, row.error) == (state, "It is paid.", None)
    assert (row.handled_at, row.next_attempt_at) == (NOW + CLAIM, None)


def test_what_passes_by_itself_is_waited_out_with_a_longest_pause(event_id: int) -> None:
    row = database.session.get_one(WebhookEvent, event_id)
    pauses = []
    for row.attempts in (1, 2, 8, 9, 10, 50):
        failed(row, "Unavailable: Stripe does not answer.", now=NOW, passes=True)
        assert (row.state, row.error) == ("failed", "Unavailable: Stripe does not answer.")
        assert row.next_attempt_at is not None
        pauses.append((row.next_attempt_at - NOW).total_seconds())
    assert pauses == [10, 20, 1280, 2560, 2560, 2560]


def test_the_last_try_keeps_its_error_and_has_no_next(event_id: int) -> None:
    row = database.session.get_one(WebhookEvent, event_id)
    for row.attempts, state in ((7, "failed"), (8, "dead"), (9, "dead")):
        failed(row, f"KeyError: {row.attempts}", now=NOW)
        assert (row.state, row.error) == (state, f"KeyError: {row.attempts}")
        assert (row.next_attempt_at is None) == (state == "dead")


def test_the_sweep_takes_the_oldest_of_what_is_due_and_not_more_than_asked(event_id: int) -> None:
    with transaction():
        bodies = [event("invoice.paid", {"id": f"in_{number}"}) for number in range(3)]
        ids = store(map(parse_event, bodies), source="webhook", now=NOW)
        later = store(
            [parse_event(event("invoice.paid", {"id": "in_9"}))], source="webhook", now=NOW + CLAIM
        )
    assert stuck_events(now=NOW, most=9) == [event_id, *ids]
    assert stuck_events(now=NOW, most=2) == [event_id, ids[0]]
    # One that somebody works on is not due, though its time for a next try has come.
    assert take(event_id)
    assert stuck_events(now=NOW, most=9) == ids
    # A claim of long ago says nothing of one that waits for its next try.
    with transaction():
        failed(database.session.get_one(WebhookEvent, event_id), "It.", now=NOW + CLAIM)
    assert stuck_events(now=NOW + CLAIM, most=9) == [*ids, *later]

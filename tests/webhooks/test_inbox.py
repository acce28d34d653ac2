"""One worker has an event at a time, and a worker that died gives it back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.gateway.parsing import parse_event
from dashboard.transaction import transaction
from dashboard.webhooks.inbox import (
    CLAIM,
    claim,
    due_events,
    failed,
    give_back,
    handled,
    waits_for_a_batch,
)
from dashboard.webhooks.inbox import take as take_some
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
    assert due_events(now=NOW + CLAIM - moment, most=9)[1] == []
    assert not take(event_id, CLAIM - moment)
    assert not take(event_id, CLAIM - moment, replay=True)
    assert due_events(now=NOW + CLAIM, most=9)[1] == [event_id]
    assert take(event_id, CLAIM)
    assert not take(event_id, CLAIM + moment)


def test_what_is_done_is_given_to_a_replay_only(event_id: int) -> None:
    with transaction():
        taken = claim(event_id, now=NOW)
        assert taken is not None
        handled(taken, "Done.", ignored=False, now=NOW)
    assert not take(event_id, CLAIM)
    assert due_events(now=NOW + CLAIM, most=9)[1] == []
    assert take(event_id, replay=True)


def test_a_failed_one_waits_for_its_time_and_a_dead_one_for_a_person(event_id: int) -> None:
    for attempt in range(8):
        with transaction():
            taken = claim(event_id, now=NOW)
            assert taken is not None, attempt
            failed(taken, "KeyError: it", now=NOW)
        wait = timedelta(seconds=10 * 2**attempt)
        found = due_events(now=NOW + wait, most=9)[1]
        assert found == ([event_id] if attempt < 7 else [])
        assert due_events(now=NOW + wait - timedelta(seconds=1), most=9)[1] == []
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


def put_aside(count: int, now: datetime) -> list[int]:
    """Return so many events that a batch had and gave back, due from then on."""
    with transaction():
        bodies = [event("invoice.paid", {"id": f"in_{number}"}) for number in range(count)]
        ids = store(map(parse_event, bodies), source="webhook", now=now)
        assert [one.id for one in take_some(now=now, most=9)] == ids
        give_back(ids, now=now, alone=True)
    return ids


def test_the_sweep_takes_the_oldest_of_what_is_due_and_not_more_than_asked(db: SQLAlchemy) -> None:
    [event_id] = put_aside(1, NOW)
    ids = put_aside(3, NOW)
    later = put_aside(1, NOW + CLAIM)
    assert due_events(now=NOW, most=9)[1] == [event_id, *ids]
    assert due_events(now=NOW, most=2)[1] == [event_id, ids[0]]
    # One that somebody works on is not due, though its time for a next try has come.
    assert take(event_id)
    assert due_events(now=NOW, most=9)[1] == ids
    # A claim of long ago says nothing of one that waits for its next try.
    with transaction():
        failed(database.session.get_one(WebhookEvent, event_id), "It.", now=NOW + CLAIM)
    assert due_events(now=NOW + CLAIM, most=9)[1] == [*ids, *later]


def test_what_is_given_back_counts_no_attempt_and_only_a_batch_takes_what_is_fresh(
    event_id: int,
) -> None:
    with transaction():
        [taken] = take_some(now=NOW, most=9)
        assert (taken.id, take_some(now=NOW, most=9)) == (event_id, [])
    row = database.session.get_one(WebhookEvent, event_id)
    assert (row.state, row.attempts, row.claimed_at) == ("processing", 1, NOW)
    with transaction():
        give_back([event_id], now=NOW)
    database.session.refresh(row)
    assert (row.state, row.attempts, row.claimed_at) == ("received", 0, None)
    assert waits_for_a_batch(now=NOW)
    assert not waits_for_a_batch(now=NOW - CLAIM)
    with transaction():
        take_some(now=NOW, most=9)
        give_back([event_id], now=NOW, alone=True)
    assert not waits_for_a_batch(now=NOW)
    assert due_events(now=NOW, most=9)[1] == [event_id]
    with transaction():
        assert take_some(now=NOW, most=9) == []


def test_a_batch_is_given_the_oldest_without_the_lines_that_no_handler_looks_at(
    db: SQLAlchemy,
) -> None:
    bodies = [
        event("invoice.paid", {"id": f"in_{number}", "lines": {"data": [1]}}) for number in range(3)
    ]
    with transaction():
        ids = store(map(parse_event, bodies), source="webhook", now=NOW)
    with transaction():
        taken = take_some(now=NOW, most=2)
    assert [one.id for one in taken] == ids[:2]
    assert [one.payload["data"]["object"] for one in taken] == [{"id": "in_0"}, {"id": "in_1"}]
    kept = database.session.get_one(WebhookEvent, ids[0])
    assert kept.payload == bodies[0]

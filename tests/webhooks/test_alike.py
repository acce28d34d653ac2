"""Events that fail with one error are found and replayed together, each once."""

from datetime import timedelta
from typing import Any

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import text

from dashboard.clock import utc_now
from dashboard.errors import Conflict
from dashboard.extensions import db as database
from dashboard.transaction import transaction
from dashboard.webhooks import alike as module
from dashboard.webhooks.alike import alike, errors_alike, replay_alike, types_alike
from dashboard.webhooks.models import WebhookEvent

GONE = "There is no invoice in_{0} here (tried {0} times)."


@pytest.fixture(autouse=True)
def inbox(db: SQLAlchemy) -> None:
    """An inbox in which three failed with one error, one with another, and one was processed."""
    with transaction():
        for number in (1, 2):
            failed(number, GONE.format(number))
        failed(3, GONE.format(3), type="invoice.voided", state="failed")
        failed(4, "Stripe did not answer.")
        failed(5, None, state="processed")


def failed(number: int, error: str | None, **told: Any) -> WebhookEvent:
    """Store an event that was given up."""
    facts: dict[str, Any] = {"type": "invoice.paid", "state": "dead", "attempts": 8} | told
    event = WebhookEvent(
        stripe_event_id=f"evt_{number}",
        payload={},
        created_at=utc_now(),
        received_at=utc_now(),
        error=error,
        **facts,
    )
    database.session.add(event)
    return event


def event(number: int) -> WebhookEvent:
    """Return an event of the inbox."""
    return database.session.query(WebhookEvent).filter_by(stripe_event_id=f"evt_{number}").one()


def states() -> dict[str, str]:
    """Return the state of every event."""
    rows = database.session.query(WebhookEvent).populate_existing()
    return {one.stripe_event_id[4:]: one.state for one in rows}


def test_errors_are_one_but_for_the_ids_and_numbers_in_them() -> None:
    assert [(one.event.stripe_event_id, one.number) for one in errors_alike()] == [("evt_3", 3)]
    assert alike(event(1)).number == alike(event(3)).number == 3
    assert alike(event(4)).number == 1


def test_their_types_are_told_the_most_frequent_first() -> None:
    assert list(types_alike(event(1))) == [("invoice.paid", 2), ("invoice.voided", 1)]


def test_a_replay_puts_them_back_into_the_inbox_and_no_others() -> None:
    with transaction():
        assert replay_alike(event(2), now=utc_now()) == 3
    back = dict.fromkeys("123", "received")
    assert states() == back | {"4": "dead", "5": "processed"}
    first = event(1)
    assert (first.attempts, first.claimed_at) == (0, None)
    assert first.next_attempt_at is not None


def test_a_second_replay_finds_nothing_left_and_changes_nothing() -> None:
    with transaction():
        replay_alike(event(2), now=utc_now())
    with pytest.raises(Conflict, match=r"is now received.*Nothing was changed"):
        replay_alike(event(2), now=utc_now() + timedelta(seconds=1))


def test_what_is_done_has_no_error_to_go_by() -> None:
    with pytest.raises(Conflict, match="is now processed"):
        alike(event(5))


def test_one_that_a_worker_has_at_this_moment_is_left_to_it() -> None:
    held, others = event(1).id, {"2": "received", "3": "received"}
    database.session.commit()
    with database.engine.begin() as other, transaction():
        lock = text("select id from webhook_events where id = :id for no key update")
        other.execute(lock, {"id": held})
        # Who waited for that row instead would wait for ever here.
        database.session.execute(text("set local lock_timeout = '2s'"))
        assert replay_alike(event(2), now=utc_now()) == 2
    assert states() == others | {"1": "dead", "4": "dead", "5": "processed"}


def test_of_very_many_the_oldest_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    assert alike(event(1)) == (event(1), 2, True)
    with transaction():
        assert replay_alike(event(3), now=utc_now()) == 2
    assert states()["3"] == "failed"

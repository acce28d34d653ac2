"""Events that fail with one error are found and put back together, each once."""

from typing import Any

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select, text

from dashboard.clock import utc_now
from dashboard.errors import Conflict
from dashboard.extensions import db as database
from dashboard.transaction import transaction
from dashboard.webhooks.alike import alike, errors_alike, put_back, types_among
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
    assert len(alike(event(1))) == len(alike(event(3))) == 3
    assert list(alike(event(4))) == [event(4).id]


def test_their_types_are_told_the_most_frequent_first() -> None:
    failing = select(WebhookEvent.id).where(WebhookEvent.error.startswith("There is no invoice"))
    assert list(types_among(failing)) == [("invoice.paid", 2), ("invoice.voided", 1)]


def test_what_failed_is_put_back_into_the_inbox_and_nothing_else() -> None:
    with transaction():
        back = put_back([event(number).id for number in (1, 2, 3, 5)], now=utc_now())
        assert len(back) == 3
    assert states() == dict.fromkeys("123", "received") | {"4": "dead", "5": "processed"}
    first = event(1)
    assert (first.attempts, first.claimed_at) == (0, None)
    assert first.next_attempt_at is not None


def test_what_was_put_back_is_not_put_back_twice() -> None:
    with transaction():
        put_back(alike(event(2)), now=utc_now())
    with pytest.raises(Conflict, match=r"is now received.*Nothing was changed"):
        alike(event(2))
    assert list(put_back([event(2).id], now=utc_now())) == []


def test_what_is_done_has_no_error_to_go_by() -> None:
    with pytest.raises(Conflict, match="is now processed"):
        alike(event(5))


def test_one_that_a_worker_has_at_this_moment_is_left_to_it() -> None:
    held, others = event(1).id, {"2": "received", "3": "received"}
    ids = alike(event(2))
    database.session.commit()
    with database.engine.begin() as other, transaction():
        lock = text("select id from webhook_events where id = :id for no key update")
        other.execute(lock, {"id": held})
        # Who waited for that row instead would wait for ever here.
        database.session.execute(text("set local lock_timeout = '2s'"))
        assert len(put_back(ids, now=utc_now())) == 2
    assert states() == others | {"1": "dead", "4": "dead", "5": "processed"}

"""Events of long ago go once they are done; what waits or wants a person stays."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from dashboard.extensions import db
from dashboard.transaction import transaction
from dashboard.webhooks.forget import LINES_KEPT, NOT_KEPT, forget_events, prune_lines
from dashboard.webhooks.models import STATES, WebhookEvent
from tests.factories import NOW

pytestmark = pytest.mark.usefixtures("db")
OLD = NOW - timedelta(days=500)
BEFORE = NOW - timedelta(days=400)


def keep(*states: str, at=OLD) -> list[int]:
    """Return the ids of new events in these states."""
    with transaction():
        made = [
            WebhookEvent(
                stripe_event_id=f"evt_{at.timestamp()}_{number}_{state}",
                type="invoice.paid",
                payload={},
                state=state,
                created_at=at,
                received_at=at,
            )
            for number, state in enumerate(states)
        ]
        db.session.add_all(made)
    return [one.id for one in made]


def forget(most: int = 100) -> list[str]:
    """Go through all of them; return the states of what stays."""
    place: int | None = 0
    while place is not None:
        with transaction():
            place = forget_events(place, before=BEFORE, most=most)
    return list(db.session.scalars(select(WebhookEvent.state).order_by(WebhookEvent.id)))


@pytest.mark.parametrize("most", [1, 2, 3, 100])
def test_only_what_is_done_goes(most: int) -> None:
    keep(*STATES)
    assert forget(most) == ["received", "processing", "failed", "dead", "unreadable"]


def test_what_is_younger_stays() -> None:
    keep("processed", at=BEFORE)
    keep("ignored", at=NOW)
    assert forget() == ["processed", "ignored"]


def with_lines(state: str, at: datetime) -> int:
    """Return the id of an event of an invoice with two lines."""
    [number] = keep(state, at=at)
    lines = {"object": "list", "data": [{"id": "il_1"}, {"id": "il_2"}]}
    with transaction():
        event = db.session.get_one(WebhookEvent, number)
        event.payload = {"id": "evt", "data": {"object": {"id": "in_1", "lines": lines}}}
    return number


def lines_of(number: int) -> dict[str, object]:
    """Return what is kept of an event's lines."""
    db.session.expire_all()
    found = db.session.get_one(WebhookEvent, number).payload["data"]["object"]
    assert found["id"] == "in_1"
    return dict(found["lines"])


def prune(most: int = 100) -> None:
    """Go through all of them."""
    place: int | None = 0
    while place is not None:
        with transaction():
            place = prune_lines(place, now=NOW, most=most)


@pytest.mark.parametrize("most", [1, 100])
def test_of_what_is_done_for_long_the_lines_go_and_the_rest_stays(most: int) -> None:
    old = NOW - LINES_KEPT - timedelta(hours=1)
    done = [with_lines(state, old) for state in ("processed", "ignored")]
    kept = [with_lines(state, old) for state in ("received", "failed", "dead", "processing")]
    kept.append(with_lines("processed", NOW - LINES_KEPT))
    prune(most)
    prune(most)
    assert [lines_of(one) for one in done] == [NOT_KEPT] * 2
    assert all(lines_of(one)["data"] for one in kept)


def test_an_event_without_lines_stays_as_it_is() -> None:
    [number] = keep("processed", at=NOW - timedelta(days=40))
    with transaction():
        db.session.get_one(WebhookEvent, number).payload = {"data": {"object": {"id": "cus_1"}}}
    prune()
    db.session.expire_all()
    assert db.session.get_one(WebhookEvent, number).payload == {"data": {"object": {"id": "cus_1"}}}

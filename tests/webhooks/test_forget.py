"""Events of long ago go once they are done; what waits or wants a person stays."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dashboard.extensions import db
from dashboard.transaction import transaction
from dashboard.webhooks.forget import forget_events
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

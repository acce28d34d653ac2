"""Events that a worker had when it died: they come back at once, but none of them for ever.

One of them may be what ended it. Nobody can say which, until each goes by itself.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import case, func, select, update

from dashboard.extensions import db
from dashboard.webhooks.inbox import ATTEMPTS, FIRST_RETRY
from dashboard.webhooks.models import WebhookEvent

# The first time what it had goes on together, each by itself; the second time in jobs of their own.
SUSPECT = 2
ENDED_WORKERS = (
    "Its worker ended during each attempt. Nothing was changed. The log says where (worker_died)."
)


def give_back_all_of(owner: str, *, now: datetime) -> int:
    """Let what a dead worker had taken be handed out again, each alone; return how many it had.

    At once the first time, then later and later; after the last time an event is dead.
    """
    wait = FIRST_RETRY * func.power(2, WebhookEvent.attempts - SUSPECT)
    is_last = WebhookEvent.attempts >= ATTEMPTS
    again = case(
        (is_last, None),
        (WebhookEvent.attempts < SUSPECT, now),
        else_=now + wait,
    )
    statement = (
        update(WebhookEvent)
        .where(WebhookEvent.state == "processing", WebhookEvent.claimed_by == owner)
        .values(
            state=case((is_last, "dead"), else_="received"),
            error=case((is_last, ENDED_WORKERS)),
            next_attempt_at=again,
            claimed_by=None,
        )
        .returning(WebhookEvent.id)
    )
    unseen = {"synchronize_session": False}
    return len(db.session.scalars(statement, execution_options=unseen).all())


def suspects(event_ids: Collection[int]) -> set[int]:
    """Return those of these events that workers had more than once when they died."""
    if not event_ids:
        return set()
    query = select(WebhookEvent.id).where(
        WebhookEvent.id.in_(event_ids),
        WebhookEvent.state != "failed",
        WebhookEvent.attempts >= SUSPECT,
    )
    return set(db.session.scalars(query))

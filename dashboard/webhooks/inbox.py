"""The inbox: hand each event out to one worker, remember what became of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from dashboard.extensions import db
from dashboard.webhooks.models import WebhookEvent

# A claim older than this belongs to a worker that died.
CLAIM = timedelta(minutes=3)
ATTEMPTS = 8
FIRST_RETRY = timedelta(seconds=10)
OPEN = ("received", "failed", "processing")


def claim(event_id: int, *, now: datetime, replay: bool = False) -> WebhookEvent | None:
    """Return the event for this worker to process; None when it is done or another has it.

    The claim is committed by the caller before processing; `replay` takes a finished one again.
    """
    free = [
        WebhookEvent.state.in_(("received", "failed")),
        (WebhookEvent.state == "processing") & (WebhookEvent.claimed_at <= now - CLAIM),
    ]
    if replay:
        free.append(WebhookEvent.state.in_(("processed", "ignored", "dead")))
    statement = (
        update(WebhookEvent)
        .where(WebhookEvent.id == event_id, or_(*free))
        .values(state="processing", claimed_at=now, attempts=WebhookEvent.attempts + 1)
        .returning(WebhookEvent)
    )
    return db.session.scalar(statement.execution_options(populate_existing=True))


def handled(event: WebhookEvent, result: str, *, ignored: bool, now: datetime) -> None:
    """Note that the event is done and what it did, in one sentence."""
    event.state = "ignored" if ignored else "processed"
    event.handled_at = now
    event.result = result
    event.error = None
    event.next_attempt_at = None


def failed(event: WebhookEvent, error: str, *, now: datetime, passes: bool = False) -> None:
    """Keep the error and the next try; after the last one the event is dead until replayed.

    An error that `passes` by itself, as when Stripe does not answer, is waited out.
    """
    event.error = error
    if event.attempts >= ATTEMPTS and not passes:
        event.state = "dead"
        event.next_attempt_at = None
        return
    event.state = "failed"
    event.next_attempt_at = now + FIRST_RETRY * 2 ** min(event.attempts - 1, ATTEMPTS)


def stuck_events(*, now: datetime, most: int) -> list[int]:
    """Return events that are due and that nobody works on: lost jobs, dead workers, retries."""
    query = (
        select(WebhookEvent.id)
        .where(
            WebhookEvent.state.in_(OPEN),
            or_(
                (WebhookEvent.state == "processing") & (WebhookEvent.claimed_at <= now - CLAIM),
                (WebhookEvent.state != "processing") & (WebhookEvent.next_attempt_at <= now),
            ),
        )
        .order_by(WebhookEvent.id)
        .limit(most)
    )
    return list(db.session.scalars(query))

"""The inbox: store each event once, hand it out to one worker, remember what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert

from dashboard.extensions import db
from dashboard.gateway.records import RemoteEvent
from dashboard.sync.models import SyncStep
from dashboard.webhooks.models import WebhookEvent

# A claim older than this belongs to a worker that died.
CLAIM = timedelta(minutes=3)
ATTEMPTS = 8
FIRST_RETRY = timedelta(seconds=10)
# What our own calls make Stripe send, and what it is called when it is.
ECHOES = frozenset(("invoice.created", "invoice.updated"))
ECHO = "The echo of a call of our own."
OPEN = ("received", "failed", "processing")


def store(events: Iterable[RemoteEvent], *, source: str, now: datetime) -> list[int]:
    """Insert events that are new; return the row ids of those to process.

    Known ones change nothing. The echo of a call of our own, which is most of what Stripe sends, is
    told by its key and ended here: it is not worth a job.
    """
    events = list(events)
    ours = own_keys(event.idempotency_key for event in events if event.type in ECHOES)
    rows = [
        {
            "stripe_event_id": event.id,
            "type": event.type,
            "object_id": event.object_id,
            "idempotency_key": event.idempotency_key,
            "api_version": event.api_version,
            "livemode": event.livemode,
            "payload": dict(event.payload),
            "source": source,
            "created_at": event.created_at,
            "received_at": now,
            "attempts": 0,
            **fate(event, ours, now),
        }
        for event in events
    ]
    if not rows:
        return []
    statement = insert(WebhookEvent).values(rows).on_conflict_do_nothing()
    stored = db.session.execute(statement.returning(WebhookEvent.id, WebhookEvent.state))
    return [event_id for event_id, state in stored if state == "received"]


def own_keys(keys: Iterable[str | None]) -> set[str]:
    """Return which of these keys are of calls of our own; a step is committed before its call."""
    asked = [key for key in keys if key is not None]
    if not asked:
        return set()
    query = select(SyncStep.idempotency_key).where(SyncStep.idempotency_key.in_(asked))
    return set(db.session.scalars(query))


def fate(event: RemoteEvent, ours: set[str], now: datetime) -> dict[str, object]:
    """Return the columns that say what is to become of a new event."""
    if event.type in ECHOES and event.idempotency_key in ours:
        ended: dict[str, object] = {"handled_at": now, "result": ECHO, "next_attempt_at": None}
        return {"state": "ignored", **ended}
    return {"state": "received", "handled_at": None, "result": None, "next_attempt_at": now}


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


def failed(event: WebhookEvent, error: str, *, now: datetime) -> None:
    """Keep the error and the next try; after the last one the event is dead until replayed."""
    event.error = error
    if event.attempts >= ATTEMPTS:
        event.state = "dead"
        event.next_attempt_at = None
        return
    event.state = "failed"
    event.next_attempt_at = now + FIRST_RETRY * 2 ** (event.attempts - 1)


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

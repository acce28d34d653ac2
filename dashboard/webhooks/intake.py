"""The way into the inbox: store each event once, and end there what no job has to look at."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert

from dashboard.extensions import db
from dashboard.gateway.records import RemoteEvent
from dashboard.webhooks.echoes import ECHO, ECHOES, own_keys
from dashboard.webhooks.handlers import HANDLERS, UNNEEDED
from dashboard.webhooks.models import WebhookEvent


def store(events: Iterable[RemoteEvent], *, source: str, now: datetime) -> list[int]:
    """Insert events that are new; return the row ids of those to process.

    Known ones change nothing. What nothing here depends on, and the echo of a call of our own (most
    of what Stripe sends, told by its key), is ended here: it is not worth a job.
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


def fate(event: RemoteEvent, ours: set[str], now: datetime) -> dict[str, object]:
    """Return the columns that say what is to become of a new event."""
    why = needless(event, ours)
    if why is not None:
        ended: dict[str, object] = {"handled_at": now, "result": why, "next_attempt_at": None}
        return {"state": "ignored", **ended}
    return {"state": "received", "handled_at": None, "result": None, "next_attempt_at": now}


def needless(event: RemoteEvent, ours: set[str]) -> str | None:
    """Return why no job has to look at the event, in a sentence; None when one has to."""
    if event.type not in HANDLERS:
        return UNNEEDED
    if event.type in ECHOES and event.idempotency_key in ours:
        return ECHO
    return None

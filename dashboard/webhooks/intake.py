"""The way into the inbox: store each event once, and end there what no job has to look at."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeGuard

from sqlalchemy.dialects.postgresql import insert

from dashboard.extensions import db
from dashboard.gateway.records import RemoteEvent, Unreadable
from dashboard.webhooks.echoes import ECHO, ECHOES, own_keys
from dashboard.webhooks.handlers import HANDLERS, UNNEEDED
from dashboard.webhooks.models import WebhookEvent


def store(arrived: Iterable[RemoteEvent | Unreadable], *, source: str, now: datetime) -> list[int]:
    """Insert what is new; return the row ids of the events to process.

    Known ones change nothing. What nothing here depends on, and the echo of a call of our own (most
    of what Stripe sends, told by its key), is ended here: it is not worth a job.
    """
    arrived = list(arrived)
    ours = own_keys(event.idempotency_key for event in arrived if is_like_an_echo(event))
    rows = [
        unreadable_row(one, now) if isinstance(one, Unreadable) else event_row(one, ours, now)
        for one in arrived
    ]
    if not rows:
        return []
    common = {"source": source, "received_at": now, "attempts": 0}
    statement = insert(WebhookEvent).values([row | common for row in rows])
    stored = db.session.execute(
        statement.on_conflict_do_nothing().returning(WebhookEvent.id, WebhookEvent.state)
    )
    return [event_id for event_id, state in stored if state == "received"]


def is_like_an_echo(event: RemoteEvent | Unreadable) -> TypeGuard[RemoteEvent]:
    """Whether calls of our own cause events like this."""
    return isinstance(event, RemoteEvent) and event.type in ECHOES


def event_row(event: RemoteEvent, ours: set[str], now: datetime) -> dict[str, object]:
    """Return the columns of an event."""
    why = needless(event, ours)
    return {
        "stripe_event_id": event.id,
        "type": event.type,
        "object_id": event.object_id,
        "idempotency_key": event.idempotency_key,
        "api_version": event.api_version,
        "livemode": event.livemode,
        "payload": dict(event.payload),
        "raw": None,
        "created_at": event.created_at,
        "state": "received" if why is None else "ignored",
        "result": why,
        "handled_at": None if why is None else now,
        "next_attempt_at": now if why is None else None,
    }


def unreadable_row(one: Unreadable, now: datetime) -> dict[str, object]:
    """Return the columns of what is no event: when it happened is not known, nor to what."""
    unknown = ("object_id", "idempotency_key", "api_version", "next_attempt_at")
    return dict.fromkeys(unknown) | {
        "stripe_event_id": one.id,
        "type": one.type or "Unreadable event",
        "livemode": False,
        "payload": {},
        "raw": one.text,
        "created_at": now,
        "state": "unreadable",
        "result": one.why,
        "handled_at": now,
    }


def needless(event: RemoteEvent, ours: set[str]) -> str | None:
    """Return why no job has to look at the event, in a sentence; None when one has to."""
    if event.elsewhere is not None:
        return event.elsewhere
    if event.type not in HANDLERS:
        return UNNEEDED
    return ECHO if is_like_an_echo(event) and event.idempotency_key in ours else None

"""The way into the inbox: store each event once, and end there what no job has to look at."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypeGuard

from sqlalchemy import Text, bindparam, case, cast, exists
from sqlalchemy.dialects.postgresql import JSONB, insert

from dashboard.extensions import db
from dashboard.gateway.records import RemoteEvent, Unreadable
from dashboard.sync.models import SyncStep
from dashboard.webhooks.echoes import ECHO, ECHOES, own_keys
from dashboard.webhooks.handlers import HANDLERS, UNNEEDED
from dashboard.webhooks.models import WebhookEvent


def store_delivery(event: RemoteEvent | Unreadable, *, now: datetime) -> str | None:
    """Store what was delivered and return its state; None where it was known.

    One statement, and so a transaction by itself: nothing else belongs to it.
    """
    values = row(event, set(), now) | {"source": "webhook", "received_at": now}
    statement = _ONE
    if is_like_an_echo(event) and event.idempotency_key is not None:
        statement, values = _ONE_UNLESS_ECHO, values | {"key": event.idempotency_key, "now": now}
    with db.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        state: str | None = connection.scalar(statement, values)
        return state


def store(arrived: Iterable[RemoteEvent | Unreadable], *, source: str, now: datetime) -> list[int]:
    """Insert what is new; return the row ids of the events to process.

    Known ones change nothing. What nothing here depends on, and the echo of a call of our own (most
    of what Stripe sends, told by its key), is ended here: it is not worth a job.
    """
    arrived = list(arrived)
    ours = own_keys(event.idempotency_key for event in arrived if is_like_an_echo(event))
    common = {"source": source, "received_at": now}
    rows = [row(one, ours, now) | common for one in arrived]
    if not rows:
        return []
    found = db.session.connection().execute(_MANY, rows)
    return [event_id for event_id, state in found if state == "received"]


def is_like_an_echo(event: RemoteEvent | Unreadable) -> TypeGuard[RemoteEvent]:
    """Whether calls of our own cause events like this."""
    return isinstance(event, RemoteEvent) and event.type in ECHOES


def row(one: RemoteEvent | Unreadable, ours: set[str], now: datetime) -> dict[str, object]:
    """Return the columns of what arrived."""
    return _unreadable(one, now) if isinstance(one, Unreadable) else _event(one, ours, now)


def _event(event: RemoteEvent, ours: set[str], now: datetime) -> dict[str, object]:
    why = needless(event, ours)
    return {
        "stripe_event_id": event.id,
        "type": event.type,
        "object_id": event.object_id,
        "idempotency_key": event.idempotency_key,
        "api_version": event.api_version,
        "livemode": event.livemode,
        "payload": json.dumps(event.payload) if event.body is None else event.body.decode(),
        "raw": None,
        "created_at": event.created_at,
        "state": "received" if why is None else "ignored",
        "result": why,
        "handled_at": None if why is None else now,
        "next_attempt_at": now if why is None else None,
    }


def _unreadable(one: Unreadable, now: datetime) -> dict[str, object]:
    # When it happened is not known, nor to what.
    unknown = ("object_id", "idempotency_key", "api_version", "next_attempt_at")
    return dict.fromkeys(unknown) | {
        "stripe_event_id": one.id,
        "type": one.type or "Unreadable event",
        "livemode": False,
        "payload": "{}",
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


# As text: what can be kept as it came is not written anew.
_PLAIN = {"attempts": 0, "payload": cast(bindparam("payload", type_=Text), JSONB)}
_INSERT = insert(WebhookEvent).values(_PLAIN).on_conflict_do_nothing()
_MANY = _INSERT.returning(WebhookEvent.id, WebhookEvent.state)
_ONE = _INSERT.returning(WebhookEvent.state)

# The same, but ended where a call of our own caused the event.
_IS_OURS = exists().where(SyncStep.idempotency_key == bindparam("key", type_=Text))
_ENDED: dict[str, Any] = {
    "state": "ignored",
    "result": ECHO,
    "handled_at": bindparam("now"),
    "next_attempt_at": None,
}
_COLUMNS = WebhookEvent.__table__.c
_ONE_UNLESS_ECHO = _ONE.values(
    {
        name: case(
            (_IS_OURS, cast(ended, _COLUMNS[name].type)),
            else_=bindparam(name, type_=_COLUMNS[name].type),
        )
        for name, ended in _ENDED.items()
    }
)

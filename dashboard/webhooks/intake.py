"""The way into the inbox: store each event once, and end there what no job has to look at."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from itertools import chain, count
from typing import NamedTuple

from sqlalchemy import Connection

from dashboard.extensions import db
from dashboard.gateway.event_records import RemoteEvent, Unreadable
from dashboard.gateway.events import about
from dashboard.statement import fetched
from dashboard.webhooks.echoes import ECHO, ECHOES, ONCE_TOLD
from dashboard.webhooks.handlers import HANDLERS, UNNEEDED

Arrived = RemoteEvent | Unreadable


class Stored(NamedTuple):
    """An event that was not known."""

    id: int
    stripe_event_id: str
    state: str


def store_delivered(arrived: Sequence[Arrived], *, now: datetime) -> list[str | None]:
    """Store what was delivered and return the state of each; None for one that was known.

    One statement, and so a transaction by itself: nothing else belongs to it.
    """
    with db.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        # All in one order: two that store the same events at a time wait for each other once.
        stored = _insert(connection, sorted(arrived, key=_id), "webhook", now)
    states = {row.stripe_event_id: row.state for row in stored}
    # Of two deliveries of one event the second finds it known.
    return [states.pop(one.id, None) for one in arrived]


def store(arrived: Iterable[Arrived], *, source: str, now: datetime) -> list[int]:
    """Insert what is new; return the row ids of the events to process. Known ones change nothing.

    What nothing here depends on, and the echo of a call of our own (most of what Stripe sends,
    told by its key), is ended here: it is not worth a job.
    """
    stored = _insert(db.session.connection(), list(arrived), source, now)
    return [row.id for row in stored if row.state == "received"]


def needless(event: RemoteEvent) -> str | None:
    """Return why no job has to look at the event, whatever it tells; None when one may have to."""
    if event.elsewhere is not None:
        return event.elsewhere
    return None if event.type in HANDLERS else UNNEEDED


def _id(one: Arrived) -> str:
    return one.id


def _insert(
    connection: Connection, arrived: Sequence[Arrived], source: str, now: datetime
) -> Sequence[Stored]:
    if not arrived:
        return ()
    rows = [_unreadable(one) if isinstance(one, Unreadable) else _event(one) for one in arrived]
    values = [source, ECHO, now, list(ECHOES), ONCE_TOLD, *chain.from_iterable(rows)]
    return [Stored._make(row) for row in fetched(connection, _statement(len(rows)), values)]


def _event(event: RemoteEvent) -> tuple[object, ...]:
    why = needless(event)
    return (
        event.id,
        event.type,
        event.object_id,
        about(event),
        event.idempotency_key,
        event.api_version,
        event.livemode,
        int(event.created_at.timestamp()),
        # What can be kept as it came is not written anew.
        json.dumps(event.payload) if event.body is None else event.body.decode(),
        None,
        None if why is None else "ignored",
        why,
    )


def _unreadable(one: Unreadable) -> tuple[object, ...]:
    # When it happened is not known, nor to what.
    kind = one.type or "Unreadable event"
    unknown = (None,) * 4
    return one.id, kind, *unknown, False, None, "{}", one.text, "unreadable", one.why


@cache
def _statement(rows: int) -> str:
    """Return the one statement for so many rows.

    PostgreSQL plans it once for all: as values, and not as arrays, it says how many rows come, and
    behind `offset 0` it does not show that less has to be done for the rows of this very time.
    """
    places = count(6)
    values = ", ".join(
        f"({', '.join(f'${next(places)}::{one}' for one in _TYPES)})" for _ in range(rows)
    )
    return _INSERT.replace("{rows}", values)


_TYPES = ("text",) * 6 + ("bool", "bigint") + ("text",) * 4
_INSERT = """
    insert into webhook_events (
        stripe_event_id, type, object_id, about, idempotency_key, api_version, livemode, payload,
        raw, created_at, source, received_at, attempts, state, result, handled_at, next_attempt_at
    )
    select
        id, type, object_id, about, key, api_version, livemode, payload::jsonb, raw,
        coalesce(to_timestamp(created), now), $1, now, 0, state,
        coalesce(why, case when state = 'ignored' then $2 end),
        case when state <> 'received' then now end,
        case when state = 'received' then now end
    from (
        select *, $3::timestamptz as now, coalesce(
            ended_as,
            case when type = any($4::text[])
                and exists (select from sync_steps where idempotency_key = told.key
                            and (told.type <> $5 or (operation, outcome) = ('finalize', 'done')))
            then 'ignored' else 'received' end
        ) as state
        from (select * from (values {rows}) as sent offset 0) as told (
            id, type, object_id, about, key, api_version, livemode, created, payload, raw,
            ended_as, why
        )
        offset 0
    ) as told
    on conflict do nothing
    returning id, stripe_event_id, state
"""

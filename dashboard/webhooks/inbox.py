"""The inbox: hand each event out to one worker, remember what became of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    DateTime,
    Exists,
    String,
    Text,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import aliased

from dashboard.billing.locks import free_ones
from dashboard.extensions import db
from dashboard.gateway.events import LINES
from dashboard.rows import update_each
from dashboard.statement import Statement, any_of, parameter
from dashboard.webhooks.delivery import Handled
from dashboard.webhooks.models import Claimed, WebhookEvent

# A claim older than this belongs to a worker that died.
CLAIM = timedelta(minutes=3)
ATTEMPTS = 8
FIRST_RETRY = timedelta(seconds=10)
OPEN = ("received", "failed", "processing")


def claim(
    event_id: int, *, now: datetime, owner: str | None = None, replay: bool = False
) -> WebhookEvent | None:
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
        .values(_claimed(now, owner))
        .returning(WebhookEvent)
    )
    return db.session.scalar(statement.execution_options(populate_existing=True))


def take(*, now: datetime, most: int, owner: str | None = None) -> list[Claimed]:
    """Return the oldest events that nobody looked at yet, for one batch; others pass them by.

    Nor those about what somebody has an event of: two workers would wait for each other's rows, and
    a bill's events go in their order. The claim is committed by the caller before processing.
    """
    rows = _TAKE.rows(now=now, most=most, owner=owner, lines=list(LINES))
    events = [Claimed._make(row) for row in rows]
    return sorted(events, key=lambda event: event.id)


def _claimed(
    now: datetime | ColumnElement[datetime], owner: str | ColumnElement[str] | None
) -> dict[str, Any]:
    attempts = WebhookEvent.attempts + 1
    return {"state": "processing", "claimed_at": now, "claimed_by": owner, "attempts": attempts}


def give_back(event_ids: Collection[int], *, now: datetime, alone: bool = False) -> None:
    """Let these be handed out again: with the next batch, or `alone`, as what a batch had once."""
    if not event_ids:
        return
    back = {"state": "received", "attempts": WebhookEvent.attempts - 1, "next_attempt_at": now}
    _update(event_ids, back if alone else back | {"claimed_at": None})


def _update(event_ids: Collection[int], values: dict[str, Any]) -> None:
    mine = WebhookEvent.id == any_of(event_ids, BigInteger)
    statement = update(WebhookEvent).where(mine).values(values)
    db.session.execute(statement, execution_options={"synchronize_session": False})


def all_handled(outcomes: Mapping[int, Handled], *, now: datetime) -> None:
    """Note of many events that they are done and what each did, by one statement."""
    rows = [
        {"id": one, "state": state_after(outcome.ignored), "result": outcome.sentence}
        for one, outcome in outcomes.items()
    ]
    done = {"handled_at": now, "error": None, "next_attempt_at": None}
    update_each(WebhookEvent, rows, done)


def handled(event: WebhookEvent, result: str, *, ignored: bool, now: datetime) -> None:
    """Note that the event is done and what it did, in one sentence."""
    event.state = state_after(ignored)
    event.handled_at = now
    event.result = result
    event.error = None
    event.next_attempt_at = None


def state_after(ignored: bool) -> str:
    """Return the state of an event that is done."""
    return "ignored" if ignored else "processed"


def failed(
    event: WebhookEvent, error: str, *, now: datetime, passes: bool = False, is_last: bool = False
) -> None:
    """Keep the error and the next try; after the last one the event is dead until replayed.

    An error that `passes` by itself, as when Stripe does not answer, is waited out.
    """
    event.error = error
    if is_last or (event.attempts >= ATTEMPTS and not passes):
        event.state = "dead"
        event.next_attempt_at = None
        return
    event.state = "failed"
    event.next_attempt_at = now + FIRST_RETRY * 2 ** min(event.attempts - 1, ATTEMPTS)


def waits_for_a_batch(*, now: datetime) -> bool:
    """Whether an event is due that nobody looked at yet."""
    return bool(db.session.scalar(select(_is_fresh(now))))


def due_events(*, now: datetime, most: int) -> tuple[bool, list[int]]:
    """Return whether a batch is due, and the events that are due alone and nobody works on.

    Those that a batch put aside or left behind when its worker died, and those that failed.
    """
    alone = (
        select(WebhookEvent.id)
        .where(
            WebhookEvent.state.in_(OPEN),
            or_(
                (WebhookEvent.state == "processing") & (WebhookEvent.claimed_at <= now - CLAIM),
                (WebhookEvent.state != "processing")
                & WebhookEvent.claimed_at.is_not(None)
                & (WebhookEvent.next_attempt_at <= now),
            ),
        )
        .order_by(WebhookEvent.id)
        .limit(most)
    )
    found = db.session.execute(select(_is_fresh(now), func.array(alone.scalar_subquery())))
    is_fresh, ids = found.one()
    return is_fresh, ids


def _is_fresh(now: datetime) -> Exists:
    fresh = (WebhookEvent.state == "received") & WebhookEvent.claimed_at.is_(None)
    return exists().where(fresh, WebhookEvent.next_attempt_at <= now)


def _taking() -> Statement:
    table = WebhookEvent.__table__
    in_work = aliased(WebhookEvent)
    is_in_work = exists().where(in_work.state == "processing", in_work.about == WebhookEvent.about)
    oldest = (
        select(WebhookEvent.id)
        .where(WebhookEvent.state == "received", WebhookEvent.claimed_at.is_(None), ~is_in_work)
        .order_by(WebhookEvent.id)
        .limit(parameter("most", BigInteger))
    )
    free = free_ones(oldest, of=WebhookEvent).cte("free")
    lines = parameter("lines", ARRAY(Text))
    told = [table.c[name] for name in Claimed._fields[:-1]]
    owner = parameter("owner", String)
    return Statement(
        update(WebhookEvent)
        .where(WebhookEvent.id == free.c.id)
        .values(_claimed(parameter("now", DateTime(timezone=True)), owner))
        .returning(*told, WebhookEvent.payload.op("#-", return_type=JSONB())(lines))
    )


_TAKE = _taking()

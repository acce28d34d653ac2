"""Events that fail with one error: counted together, and put back together once it is mended."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Select, func, select, update

from dashboard.billing.locks import free_ones
from dashboard.errors import Conflict
from dashboard.extensions import db
from dashboard.statement import any_of
from dashboard.webhooks.models import WebhookEvent

FAILING = ("failed", "dead")
MOST_GROUPS = 10
# Of more than so many failing ones the newest are grouped.
MOST = 1000


class Alike(NamedTuple):
    """Events with one error: one of them, and how many there are among the newest."""

    event: WebhookEvent
    number: int


def errors_alike() -> list[Alike]:
    """Return the errors that several events failed with, the most frequent first."""
    recent = _failing().limit(MOST).cte("recent")
    query = (
        select(func.max(recent.c.id).label("newest"), func.count().label("number"))
        .group_by(recent.c.error_kind)
        .having(func.count() > 1)
        .order_by(func.count().desc(), func.max(recent.c.id).desc())
        .limit(MOST_GROUPS)
    )
    groups = query.subquery()
    rows = db.session.execute(
        select(WebhookEvent, groups.c.number)
        .join(groups, groups.c.newest == WebhookEvent.id)
        .order_by(groups.c.number.desc(), WebhookEvent.id.desc())
    )
    return [Alike(event, number) for event, number in rows]


def alike(event: WebhookEvent) -> Sequence[int]:
    """Return all that failed with the error of this one; raise `Conflict` where it has none."""
    _refuse_done(event)
    kind = select(without_ids(event.error)).scalar_subquery()
    query = select(WebhookEvent.id).where(
        WebhookEvent.state.in_(FAILING), without_ids(WebhookEvent.error) == kind
    )
    return db.session.scalars(query.order_by(WebhookEvent.id)).all()


def types_among(event_ids: Select[int]) -> Sequence[tuple[str, int]]:
    """Return of which types these events are, and how many of each, the most first."""
    number, kind = func.count(), WebhookEvent.type
    query = select(kind, number).where(WebhookEvent.id.in_(event_ids))
    rows = db.session.execute(query.group_by(kind).order_by(number.desc(), kind))
    return [(name, count) for name, count in rows]


def put_back(event_ids: Collection[int], *, now: datetime) -> Sequence[int]:
    """Have those of these that failed processed once more; return which.

    They wait in the inbox like those that have just come: what they did before is not done twice.
    Those that a worker has at this moment are left to it.
    """
    mine = select(WebhookEvent.id).where(
        WebhookEvent.id == any_of(event_ids, BigInteger), WebhookEvent.state.in_(FAILING)
    )
    free = free_ones(mine.order_by(WebhookEvent.id), of=WebhookEvent).subquery()
    back = (
        update(WebhookEvent)
        .where(WebhookEvent.id.in_(select(free.c.id)))
        .values(state="received", attempts=0, claimed_at=None, next_attempt_at=now)
        .returning(WebhookEvent.id)
        .execution_options(synchronize_session=False)
    )
    return db.session.scalars(back).all()


def _failing() -> Select[int, str]:
    kind = without_ids(WebhookEvent.error).label("error_kind")
    return (
        select(WebhookEvent.id, kind)
        .where(WebhookEvent.state.in_(FAILING))
        .order_by(WebhookEvent.id.desc())
    )


def without_ids(error: object) -> ColumnElement[str]:
    """Return an error without the ids and numbers in it: of two events they are never the same."""
    return func.regexp_replace(error, r"\m[a-z]+_\w+|\d+", "…", "g")


def _refuse_done(event: WebhookEvent) -> None:
    if event.state not in FAILING:
        raise Conflict(
            f"This event is now {event.state}, so there is no error to match. Nothing was changed. "
            "See the events that failed."
        )

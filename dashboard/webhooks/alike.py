"""Events that fail with one error: counted together, and replayed together once it is mended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, func, select, update

from dashboard.billing.locks import free_ones
from dashboard.errors import Conflict
from dashboard.extensions import db
from dashboard.webhooks.models import WebhookEvent

FAILING = ("failed", "dead")
MOST_GROUPS = 10
# Of more than so many failing ones the newest are grouped; so many are replayed at a time.
MOST = 1000


class Alike(NamedTuple):
    """Events with one error: one of them, and how many there are, or more than that."""

    event: WebhookEvent
    number: int
    is_more: bool = False


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


def alike(event: WebhookEvent) -> Alike:
    """Return how many failed with the error of this one; raise `Conflict` where it has none."""
    _refuse_done(event)
    some = _with_error_of(event).limit(MOST + 1).subquery()
    number = db.session.scalar(select(func.count()).select_from(some)) or 0
    return Alike(event, min(number, MOST), number > MOST)


def types_alike(event: WebhookEvent) -> Sequence[tuple[str, int]]:
    """Return of which types those are, and how many of each, the most first."""
    some = _with_error_of(event).limit(MOST).subquery()
    number = func.count()
    query = select(some.c.type, number).group_by(some.c.type).order_by(number.desc(), some.c.type)
    return [(kind, count) for kind, count in db.session.execute(query)]


def replay_alike(event: WebhookEvent, *, now: datetime) -> int:
    """Have the oldest thousand that failed with the error of this one processed; return how many.

    They wait in the inbox like those that have just come: what they did before is not done twice.
    Those that a worker has at this moment are left to it.
    """
    _refuse_done(event)
    oldest = free_ones(_with_error_of(event).limit(MOST), of=WebhookEvent).subquery()
    taken = (
        update(WebhookEvent)
        .where(WebhookEvent.id.in_(select(oldest.c.id)))
        .values(state="received", attempts=0, claimed_at=None, next_attempt_at=now)
        .returning(WebhookEvent.id)
        .execution_options(synchronize_session=False)
    )
    return len(db.session.scalars(taken).all())


def _failing() -> Select[int, str]:
    kind = _kind_of(WebhookEvent.error).label("error_kind")
    return (
        select(WebhookEvent.id, kind)
        .where(WebhookEvent.state.in_(FAILING))
        .order_by(WebhookEvent.id.desc())
    )


def _with_error_of(event: WebhookEvent) -> Select[int, str]:
    return (
        select(WebhookEvent.id, WebhookEvent.type)
        .where(
            WebhookEvent.state.in_(FAILING),
            _kind_of(WebhookEvent.error) == select(_kind_of(event.error)).scalar_subquery(),
        )
        .order_by(WebhookEvent.id)
    )


def _kind_of(error: object) -> ColumnElement[str]:
    """Return an error without the ids and numbers in it: of two events they are never the same."""
    return func.regexp_replace(error, r"\m[a-z]+_\w+|\d+", "…", "g")


def _refuse_done(event: WebhookEvent) -> None:
    if event.state not in FAILING:
        raise Conflict(
            f"This event is now {event.state}, so there is no error to match. Nothing was changed. "
            "See the events that failed."
        )

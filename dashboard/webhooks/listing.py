"""The inbox as pages read it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, any_, func, or_, select, union_all
from sqlalchemy.orm import aliased, defer

from dashboard.day_range import within
from dashboard.errors import NotFound
from dashboard.extensions import db
from dashboard.paging import MOST_COUNTED, Counted, Slice, slice_of
from dashboard.sync.counts import Figures, count
from dashboard.webhooks.echoes import ECHO
from dashboard.webhooks.models import UNDONE, WebhookEvent
from dashboard.webhooks.owners import is_of

SIZE = 50
Query = TypeVar("Query", bound=Select[Any])


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events to keep; None keeps all. `text` is a type, or an event's or object's id.

    Echoes of calls of our own are most of what Stripe sends, and tell nobody anything. `first` and
    `last` are UTC days of arrival, both included.
    """

    state: str | None = None
    text: str | None = None
    slug: str | None = None
    first: date | None = None
    last: date | None = None
    with_echoes: bool = False


def recent_events(wanted: EventFilter, *, before: int | None = None) -> Slice[WebhookEvent]:
    """Return the newest matching events below id `before`, without their payloads."""
    query = select(WebhookEvent).options(defer(WebhookEvent.payload), defer(WebhookEvent.raw))
    if not wanted.with_echoes:
        query = query.where(WebhookEvent.result.is_distinct_from(ECHO))
    query = _matching(query, wanted, before).order_by(WebhookEvent.id.desc())
    return slice_of(db.session.scalars(query.limit(SIZE + 1)).all(), SIZE)


def echoes_among(
    found: Slice[WebhookEvent], wanted: EventFilter, *, before: int | None = None
) -> Counted:
    """Return how many echoes came between the events that are shown."""
    query = select(WebhookEvent.id).where(WebhookEvent.result == ECHO)
    query = _matching(query, replace(wanted, with_echoes=True), before)
    if found.before is not None:
        query = query.where(WebhookEvent.id > found.before)
    some = query.limit(MOST_COUNTED + 1).subquery()
    return Counted.of(db.session.scalar(select(func.count()).select_from(some)) or 0)


def _matching(query: Query, wanted: EventFilter, before: int | None) -> Query:
    if wanted.state:
        query = query.where(WebhookEvent.state == wanted.state)
    if wanted.text:
        query = query.where(_says(wanted.text.strip()))
    if wanted.slug:
        query = query.where(is_of(wanted.slug))
    if before is not None:
        query = query.where(WebhookEvent.id < before)
    return within(query, WebhookEvent.received_at, wanted.first, wanted.last)


def counts_by_state() -> dict[str, Counted]:
    """Return how many events are in each state that waits or wants a person, if any are."""
    return {state: one for state, one in count(event_figures()).items() if one.number}


def event_figures() -> Figures:
    """Return what is counted. What is done is not: there is only ever more of it."""
    return {state: select(WebhookEvent.id).where(WebhookEvent.state == state) for state in UNDONE}


def event_by_id(event_id: int) -> WebhookEvent:
    """Return one event; raise `NotFound`."""
    found = db.session.get(WebhookEvent, event_id)
    if found is None:
        raise NotFound(
            f"There is no webhook event {event_id}, or it was deleted: processed events are kept "
            "for WEBHOOK_EVENTS_KEPT_DAYS. Its changes are in the audit trail."
        )
    return found


def event_by_stripe_id(stripe_event_id: str) -> WebhookEvent | None:
    """Return the event that Stripe calls so, if it arrived."""
    return db.session.scalar(
        select(WebhookEvent).where(WebhookEvent.stripe_event_id == stripe_event_id)
    )


def _says(text: str) -> ColumnElement[bool]:
    # Looked up first, once; a condition on all three has no index.
    named = union_all(
        select(_named.id).where(_named.stripe_event_id == text),
        select(_named.id).where(_named.object_id == text),
    )
    return or_(
        WebhookEvent.id == any_(func.array(named.scalar_subquery())),
        WebhookEvent.type.startswith(text, autoescape=True),
    )


_named = aliased(WebhookEvent)

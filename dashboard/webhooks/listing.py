"""The inbox as pages read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, any_, func, or_, select, union_all
from sqlalchemy.orm import aliased, defer

from dashboard.day_range import within
from dashboard.errors import NotFound
from dashboard.extensions import db
from dashboard.keyset import read_log
from dashboard.paging import MOST_COUNTED, NEWEST_FIRST, Asked, Counted, Stretch
from dashboard.sync.counts import Figures, count
from dashboard.webhooks.alike import FAILING
from dashboard.webhooks.echoes import ECHO
from dashboard.webhooks.models import UNDONE, WebhookEvent
from dashboard.webhooks.owners import is_of

# With the boxes of its rows a page's form has forty parts of the fifty that an address may have.
SIZE = 40
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


def recent_events(wanted: EventFilter, asked: Asked = NEWEST_FIRST) -> Stretch[WebhookEvent]:
    """Return some of the matching events, without their payloads."""
    query = select(WebhookEvent).options(defer(WebhookEvent.payload), defer(WebhookEvent.raw))
    return read_log(matching(query, wanted), WebhookEvent.id, asked, size=SIZE)


def echoes_among(found: Stretch[WebhookEvent], wanted: EventFilter, asked: Asked) -> Counted:
    """Return how many echoes came between the events that are shown, and the place of the turn."""
    query = select(WebhookEvent.id).where(WebhookEvent.result == ECHO)
    query, turn = matching(query, replace(wanted, with_echoes=True)), asked.turn
    if turn.place is not None:
        edge = WebhookEvent.id < turn.place.id if turn.is_back else WebhookEvent.id > turn.place.id
        query = query.where(edge)
    # Where the list goes on, not beyond the last that is shown.
    further = [one for one in (found.previous, found.next) if one and one.is_back == turn.is_back]
    for one in further:
        if one.place is not None:
            edge = (
                WebhookEvent.id > one.place.id if turn.is_back else WebhookEvent.id < one.place.id
            )
            query = query.where(edge)
    some = query.limit(MOST_COUNTED + 1).subquery()
    return Counted.of(db.session.scalar(select(func.count()).select_from(some)) or 0)


def matching(query: Query, wanted: EventFilter) -> Query:
    """Return the query for the events that the filter keeps."""
    if not wanted.with_echoes:
        query = query.where(WebhookEvent.result.is_distinct_from(ECHO))
    if wanted.state:
        query = query.where(WebhookEvent.state == wanted.state)
    if wanted.text:
        query = query.where(_says(wanted.text.strip()))
    if wanted.slug:
        query = query.where(is_of(wanted.slug))
    return within(query, WebhookEvent.received_at, wanted.first, wanted.last)


def failing_among(wanted: EventFilter, *, most: int) -> Sequence[int]:
    """Return which of the events that the filter keeps failed, the oldest first."""
    failing = select(WebhookEvent.id).where(WebhookEvent.state.in_(FAILING))
    query = matching(failing, wanted).order_by(WebhookEvent.id).limit(most)
    return db.session.scalars(query).all()


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

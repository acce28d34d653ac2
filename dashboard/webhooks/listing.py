"""The inbox as pages read it."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import defer

from dashboard.errors import NotFound
from dashboard.extensions import db
from dashboard.paging import Slice, slice_of
from dashboard.webhooks.models import WebhookEvent

SIZE = 50


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events to keep; None keeps all. `text` is a type, or an event's or object's id."""

    state: str | None = None
    text: str | None = None


def recent_events(wanted: EventFilter, *, before: int | None = None) -> Slice[WebhookEvent]:
    """Return the newest matching events below id `before`, without their payloads."""
    query = select(WebhookEvent).options(defer(WebhookEvent.payload), defer(WebhookEvent.raw))
    if wanted.state:
        query = query.where(WebhookEvent.state == wanted.state)
    if wanted.text:
        query = query.where(_says(wanted.text.strip()))
    if before is not None:
        query = query.where(WebhookEvent.id < before)
    rows = db.session.scalars(query.order_by(WebhookEvent.id.desc()).limit(SIZE + 1)).all()
    return slice_of(rows, SIZE)


def counts_by_state() -> dict[str, int]:
    """Return how many events are in each state that has any."""
    rows = db.session.execute(select(WebhookEvent.state, func.count()).group_by(WebhookEvent.state))
    return {row[0]: row[1] for row in rows}


def event_by_id(event_id: int) -> WebhookEvent:
    """Return one event; raise `NotFound`."""
    found = db.session.get(WebhookEvent, event_id)
    if found is None:
        raise NotFound(f"There is no webhook event {event_id}.")
    return found


def event_by_stripe_id(stripe_event_id: str) -> WebhookEvent | None:
    """Return the event that Stripe calls so, if it arrived."""
    return db.session.scalar(
        select(WebhookEvent).where(WebhookEvent.stripe_event_id == stripe_event_id)
    )


def _says(text: str) -> ColumnElement[bool]:
    return or_(
        WebhookEvent.stripe_event_id == text,
        WebhookEvent.object_id == text,
        WebhookEvent.type.startswith(text, autoescape=True),
    )

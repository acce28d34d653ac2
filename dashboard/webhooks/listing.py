"""The inbox as pages read it."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, any_, func, or_, select, union_all
from sqlalchemy.orm import aliased, defer

from dashboard.errors import NotFound
from dashboard.extensions import db
from dashboard.paging import Counted, Slice, slice_of
from dashboard.sync.counts import Figures, count
from dashboard.webhooks.models import UNDONE, WebhookEvent

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
            f"There is no webhook event {event_id}, or it is not kept any more: what is done is "
            "kept for WEBHOOK_EVENTS_KEPT_DAYS. What it changed is in the audit trail."
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

"""Send once more: one event, all since an instant, or one that only tries the endpoint."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.errors import Conflict
from dashboard.extensions import db
from dashboard.outgoing.kinds import TEST
from dashboard.outgoing.models import EventDelivery, EventEndpoint, OutgoingEvent

# Those that never arrived there; or, where a receiver has lost what it had, all of them.
REPLAY = text("""
    insert into event_deliveries
        (endpoint_id, event_id, ordering_key, is_again, created_at, next_attempt_at)
    select :endpoint, event.id, event.ordering_key, true, :now, :now
    from outgoing_events as event
    join event_endpoints as endpoint on endpoint.id = :endpoint
    where event.created_at >= :since and event.kind <> :test
      and (endpoint.kinds is null or event.kind = any(endpoint.kinds))
      and (:with_arrived or not exists (
          select from event_deliveries as delivery
          where delivery.event_id = event.id and delivery.endpoint_id = :endpoint
            and delivery.state = 'delivered'))
    order by event.id
    on conflict (endpoint_id, event_id) where state = 'waits' do nothing
    returning id
""")


def replay(
    endpoint: EventEndpoint, *, since: datetime, with_arrived: bool = False, now: datetime
) -> int:
    """Have what happened since then sent, in order; return how many events that are.

    Only what never arrived, unless `with_arrived`; what waits already is not queued twice.
    """
    asked = {
        "endpoint": endpoint.id,
        "since": since,
        "with_arrived": with_arrived,
        "test": TEST,
        "now": now,
    }
    return len(db.session.scalars(REPLAY, asked).all())


def replay_since(
    endpoint: EventEndpoint,
    *,
    since: datetime,
    with_arrived: bool = False,
    now: datetime,
    actor: Actor,
) -> int:
    """Replay because a person or a program asked for it; raises `Conflict` for one that is off."""
    _refuse_off(endpoint)
    number = replay(endpoint, since=since, with_arrived=with_arrived, now=now)
    facts = {
        "label": endpoint.label,
        "since": since.isoformat(),
        "events": number,
        "which": "all" if with_arrived else "those that did not arrive",
    }
    write_entry("event_endpoint.replayed", endpoint, actor, facts, now=now)
    return number


def resend(delivery: EventDelivery, *, now: datetime, actor: Actor) -> EventDelivery:
    """Return the delivery by which an event is sent once more; of one that waits, itself.

    That one is tried now. Raises `Conflict` for an endpoint that is off.
    """
    _refuse_off(delivery.endpoint)
    row = {
        "endpoint_id": delivery.endpoint_id,
        "event_id": delivery.event_id,
        "ordering_key": delivery.ordering_key,
        "is_again": True,
        "created_at": now,
        "next_attempt_at": now,
    }
    added = db.session.scalar(
        insert(EventDelivery).values(row).on_conflict_do_nothing().returning(EventDelivery.id)
    )
    waits = select(EventDelivery).where(
        EventDelivery.endpoint_id == delivery.endpoint_id,
        EventDelivery.event_id == delivery.event_id,
        EventDelivery.state == "waits",
    )
    found = db.session.scalars(waits).one_or_none()
    if found is None:
        # What waited has arrived in this very moment.
        return delivery
    if added is None:
        found.next_attempt_at = min(now, found.next_attempt_at)
    else:
        facts = {"label": delivery.endpoint.label, "event": delivery.event.name}
        write_entry("event_endpoint.resent", delivery.endpoint, actor, facts, now=now)
    return found


def send_test(endpoint: EventEndpoint, *, now: datetime, actor: Actor) -> EventDelivery:
    """Return the delivery of an event that says nothing but that it is a test."""
    _refuse_off(endpoint)
    ordering_key = f"test:{uuid4().hex}"
    event = OutgoingEvent(
        name=f"msg_{uuid4().hex}",
        kind=TEST,
        occasion=f"{TEST}:{ordering_key}",
        ordering_key=ordering_key,
        happened_at=now,
        created_at=now,
        data={"endpoint": endpoint.id, "asked_by": actor.label},
    )
    db.session.add(event)
    db.session.flush()
    delivery = EventDelivery(
        endpoint_id=endpoint.id,
        event_id=event.id,
        ordering_key=ordering_key,
        state="waits",
        created_at=now,
        next_attempt_at=now,
    )
    db.session.add(delivery)
    facts = {"label": endpoint.label, "url": endpoint.url}
    write_entry("event_endpoint.tested", endpoint, actor, facts, now=now)
    db.session.flush()
    return delivery


def _refuse_off(endpoint: EventEndpoint) -> None:
    if endpoint.state in ("off", "removed"):
        raise Conflict(
            "This endpoint is off, so nothing is sent to it. Nothing was changed. Switch it on "
            "first."
        )

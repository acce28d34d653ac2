"""Endpoints and deliveries as pages and the API read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from dashboard.errors import NotFound
from dashboard.extensions import db
from dashboard.keyset import read_log
from dashboard.outgoing.models import EventDelivery, EventEndpoint
from dashboard.paging import MOST_COUNTED, NEWEST_FIRST, Asked, Counted, Stretch

SIZE = 40


class Standing(NamedTuple):
    """What waits for an endpoint, and since when the first of it."""

    waiting: Counted
    since: datetime | None


NOTHING = Standing(Counted.of(0), None)


def waiting_at(endpoint: EventEndpoint) -> Standing:
    """Return what waits for an endpoint, counted up to a bound."""
    some = (
        select(EventDelivery.created_at)
        .where(EventDelivery.endpoint_id == endpoint.id, EventDelivery.state == "waits")
        .order_by(EventDelivery.ordering_key, EventDelivery.event_id)
        .limit(MOST_COUNTED + 1)
        .subquery()
    )
    number, since = db.session.execute(select(func.count(), func.min(some.c.created_at))).one()
    return Standing(Counted.of(number), since)


def waiting_by_endpoint() -> Mapping[int, Standing]:
    """Return the same of every endpoint that is there."""
    query = select(EventEndpoint).where(EventEndpoint.state != "removed")
    return {one.id: waiting_at(one) for one in db.session.scalars(query).all()}


def deliveries_of(
    endpoint: EventEndpoint,
    asked: Asked = NEWEST_FIRST,
    *,
    state: str | None = None,
) -> Stretch[EventDelivery]:
    """Return some of what was or is to be sent to an endpoint, with the events."""
    query = (
        select(EventDelivery)
        .where(EventDelivery.endpoint_id == endpoint.id)
        .options(joinedload(EventDelivery.event))
    )
    if state is not None:
        query = query.where(EventDelivery.state == state)
    return read_log(query, EventDelivery.id, asked, size=SIZE)


def delivery_by_id(endpoint: EventEndpoint, delivery_id: int) -> EventDelivery:
    """Return one delivery of an endpoint; raise `NotFound`."""
    found = db.session.get(EventDelivery, delivery_id)
    if found is None or found.endpoint_id != endpoint.id:
        raise NotFound("This endpoint has no such delivery. Old ones are deleted.")
    return found


def older_deliveries(endpoint: EventEndpoint, before: int | None) -> Sequence[EventDelivery]:
    """Return the newest deliveries of an endpoint, or those before one, with the events."""
    query = select(EventDelivery).where(EventDelivery.endpoint_id == endpoint.id)
    if before is not None:
        query = query.where(EventDelivery.id < before)
    query = query.order_by(EventDelivery.id.desc()).limit(SIZE)
    return db.session.scalars(query.options(joinedload(EventDelivery.event))).all()

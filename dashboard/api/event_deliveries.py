"""Deliveries of outgoing events: what became of each, and the same once more."""

from __future__ import annotations

from flask import Blueprint, Response

from dashboard.accounts.permissions import permission
from dashboard.api import caller
from dashboard.api.operation import Operation, answer, operation, read_body, read_query
from dashboard.api.schemas.event_endpoints import (
    CountOut,
    DeliveryList,
    DeliveryOut,
    DeliveryQuery,
    NothingIn,
    ReplayIn,
)
from dashboard.clock import utc_now
from dashboard.outgoing.again import replay_since, resend, send_test
from dashboard.outgoing.endpoints import endpoint_by_id
from dashboard.outgoing.listing import SIZE, delivery_by_id, older_deliveries
from dashboard.outgoing.models import EventEndpoint

bp = Blueprint("event_deliveries", __name__, url_prefix="/event-endpoints/<int:endpoint_id>")


@bp.get("/deliveries")
@permission("api.events.read")
@operation(Operation("List what was sent, newest first", {200: DeliveryList}, query=DeliveryQuery))
def index(endpoint_id: int) -> Response:
    """List the deliveries of an endpoint."""
    asked, endpoint = read_query(DeliveryQuery), _endpoint(endpoint_id)
    found = older_deliveries(endpoint, asked.before)
    now = utc_now()
    rows = [DeliveryOut.of(one, now=now) for one in found]
    return answer(DeliveryList(deliveries=rows, before=rows[-1].id if len(rows) == SIZE else None))


@bp.post("/deliveries/<int:delivery_id>/resends")
@permission("api.events.write")
@operation(Operation("Send an event once more", {200: DeliveryOut}, body=NothingIn))
def create_resend(endpoint_id: int, delivery_id: int) -> Response:
    """Send an event once more; while that waits, again it changes nothing."""
    read_body(NothingIn)
    endpoint, now = _endpoint(endpoint_id), utc_now()
    again = resend(delivery_by_id(endpoint, delivery_id), now=now, actor=caller.actor())
    return answer(DeliveryOut.of(again, now=now))


@bp.post("/replays")
@permission("api.events.write")
@operation(Operation("Send what happened since an instant", {200: CountOut}, body=ReplayIn))
def create_replay(endpoint_id: int) -> Response:
    """Send what never arrived, or all."""
    wanted, endpoint = read_body(ReplayIn), _endpoint(endpoint_id)
    number = replay_since(
        endpoint,
        since=wanted.since,
        with_arrived=wanted.with_arrived,
        now=utc_now(),
        actor=caller.actor(),
    )
    return answer(CountOut(events=number))


@bp.post("/tests")
@permission("api.events.write")
@operation(Operation("Send a test event", {200: DeliveryOut}, body=NothingIn))
def create_test(endpoint_id: int) -> Response:
    """Send an event that says nothing but that it is a test."""
    read_body(NothingIn)
    endpoint, now = _endpoint(endpoint_id), utc_now()
    sent = send_test(endpoint, now=now, actor=caller.actor())
    return answer(DeliveryOut.of(sent, now=now))


def _endpoint(endpoint_id: int) -> EventEndpoint:
    caller.require_all_organizations()
    return endpoint_by_id(endpoint_id)

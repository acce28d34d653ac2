"""Event endpoints: registered, changed, rolled, paused and removed by a program."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response

from dashboard.accounts.permissions import permission
from dashboard.api import caller
from dashboard.api.operation import Operation, answer, operation, read_body
from dashboard.api.schemas.event_endpoints import (
    CountOut,
    EndpointIn,
    EndpointList,
    EndpointOut,
    EndpointWithSecret,
    NothingIn,
    ResumeIn,
    RollIn,
)
from dashboard.clock import utc_now
from dashboard.extensions import current_config
from dashboard.links import signing_keys
from dashboard.outgoing.endpoints import (
    change,
    endpoint_by_id,
    every_endpoint,
    pause,
    register,
    remove,
    resume,
    roll,
)
from dashboard.outgoing.models import EventEndpoint

bp = Blueprint("event_endpoints", __name__, url_prefix="/event-endpoints")


@bp.get("")
@permission("api.events.read")
@operation(Operation("List the endpoints of outgoing events", {200: EndpointList}))
def index() -> Response:
    """List the endpoints."""
    caller.require_all_organizations()
    found = [EndpointOut.model_validate(one) for one in every_endpoint()]
    return answer(EndpointList(endpoints=found))


@bp.post("")
@permission("api.events.write")
@operation(Operation("Register an endpoint", {201: EndpointWithSecret}, body=EndpointIn))
def create() -> Response:
    """Register an endpoint; the same address again is refused."""
    wanted = read_body(EndpointIn)
    caller.require_all_organizations()
    endpoint, secret = register(
        wanted.wanted(),
        allowed=current_config().allowed_networks,
        keys=signing_keys(),
        now=utc_now(),
        actor=caller.actor(),
    )
    return answer(EndpointWithSecret.of(endpoint, secret), 201)


@bp.get("/<int:endpoint_id>")
@permission("api.events.read")
@operation(Operation("Read an endpoint", {200: EndpointOut}))
def show(endpoint_id: int) -> Response:
    """Read an endpoint."""
    return answer(EndpointOut.model_validate(_endpoint(endpoint_id)))


@bp.post("/<int:endpoint_id>/changes")
@permission("api.events.write")
@operation(Operation("Change an endpoint", {200: EndpointOut}, body=EndpointIn))
def update(endpoint_id: int) -> Response:
    """Change an endpoint to exactly this."""
    wanted, endpoint = read_body(EndpointIn), _endpoint(endpoint_id)
    change(
        endpoint,
        wanted.wanted(),
        allowed=current_config().allowed_networks,
        now=utc_now(),
        actor=caller.actor(),
    )
    return answer(EndpointOut.model_validate(endpoint))


@bp.post("/<int:endpoint_id>/secrets")
@permission("api.events.write")
@operation(
    Operation(
        "Roll the secret; the old one signs for a while", {201: EndpointWithSecret}, body=RollIn
    )
)
def create_secret(endpoint_id: int) -> Response:
    """Make another secret, told this once."""
    wanted, endpoint = read_body(RollIn), _endpoint(endpoint_id)
    secret = roll(
        endpoint,
        overlap=timedelta(hours=wanted.overlap_hours),
        keys=signing_keys(),
        now=utc_now(),
        actor=caller.actor(),
    )
    return answer(EndpointWithSecret.of(endpoint, secret), 201)


@bp.post("/<int:endpoint_id>/pauses")
@permission("api.events.write")
@operation(Operation("Hold events back; they wait", {200: EndpointOut}, body=NothingIn))
def hold_back(endpoint_id: int) -> Response:
    """Pause an endpoint; again it changes nothing."""
    read_body(NothingIn)
    endpoint = _endpoint(endpoint_id)
    pause(endpoint, now=utc_now(), actor=caller.actor())
    return answer(EndpointOut.model_validate(endpoint))


@bp.post("/<int:endpoint_id>/resumptions")
@permission("api.events.write")
@operation(
    Operation("Send events again after a pause or a switch-off", {200: CountOut}, body=ResumeIn)
)
def go_on(endpoint_id: int) -> Response:
    """Resume an endpoint; one that is on stays so."""
    wanted, endpoint = read_body(ResumeIn), _endpoint(endpoint_id)
    number = resume(endpoint, makes_up=wanted.makes_up, now=utc_now(), actor=caller.actor())
    return answer(CountOut(events=number))


@bp.post("/<int:endpoint_id>/removals")
@permission("api.events.write")
@operation(Operation("Remove an endpoint and what waits", {200: CountOut}, body=NothingIn))
def create_removal(endpoint_id: int) -> Response:
    """Remove an endpoint for good."""
    read_body(NothingIn)
    remove(_endpoint(endpoint_id), now=utc_now(), actor=caller.actor())
    return answer(CountOut(events=0))


def _endpoint(endpoint_id: int) -> EventEndpoint:
    caller.require_all_organizations()
    return endpoint_by_id(endpoint_id)

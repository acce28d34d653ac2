"""Event endpoints: where outgoing events go, their secrets, and whether they are sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.clock import utc_now
from dashboard.errors import Invalid
from dashboard.extensions import current_config
from dashboard.forms.base import DAMAGED, Form
from dashboard.forms.endpoint import EndpointForm, ResumeForm, RollForm
from dashboard.forms.refused import show_refusal
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
from dashboard.outgoing.listing import waiting_by_endpoint
from dashboard.outgoing.models import EventEndpoint
from dashboard.outgoing.reach import Network
from dashboard.views.access import current_actor

bp = Blueprint("event_endpoints", __name__, url_prefix="/event-endpoints")


@bp.get("")
@permission("event_endpoint.view")
def index() -> ResponseReturnValue:
    """List the endpoints, and what waits for each."""
    return render_template(
        "event_endpoints/index.html",
        endpoints=every_endpoint(),
        waiting=waiting_by_endpoint(),
    )


@bp.get("/new")
@permission("event_endpoint.manage")
def new() -> ResponseReturnValue:
    """Show the form for an endpoint."""
    return render_template("event_endpoints/edit.html", form=EndpointForm(), endpoint=None)


@bp.post("")
@permission("event_endpoint.manage")
def create() -> ResponseReturnValue:
    """Register an endpoint and show its secret, this once."""
    form = EndpointForm()
    if form.validate_on_submit():
        try:
            endpoint, secret = register(
                form.wanted,
                allowed=allowed_networks(),
                keys=signing_keys(),
                now=utc_now(),
                actor=current_actor(),
            )
        except Invalid as error:
            show_refusal(form, error)
        else:
            return _secret(endpoint, secret), 201
    return render_template("event_endpoints/edit.html", form=form, endpoint=None), 422


@bp.get("/<int:endpoint_id>/edit")
@permission("event_endpoint.manage")
def edit(endpoint_id: int) -> ResponseReturnValue:
    """Show the form with what an endpoint is."""
    endpoint = endpoint_by_id(endpoint_id)
    form = EndpointForm(url=endpoint.url, label=endpoint.label, kinds=endpoint.kinds or [])
    return render_template("event_endpoints/edit.html", form=form, endpoint=endpoint)


@bp.post("/<int:endpoint_id>/changes")
@permission("event_endpoint.manage")
def update(endpoint_id: int) -> ResponseReturnValue:
    """Change an endpoint."""
    endpoint, form = endpoint_by_id(endpoint_id), EndpointForm()
    if form.validate_on_submit():
        try:
            change(
                endpoint,
                form.wanted,
                allowed=allowed_networks(),
                now=utc_now(),
                actor=current_actor(),
            )
        except Invalid as error:
            show_refusal(form, error)
        else:
            flash("The endpoint is saved.")
            return _back(endpoint_id)
    return render_template("event_endpoints/edit.html", form=form, endpoint=endpoint), 422


@bp.get("/<int:endpoint_id>/secrets/new")
@permission("event_endpoint.manage")
def new_secret(endpoint_id: int) -> ResponseReturnValue:
    """Ask how long the old secret is to sign."""
    endpoint = endpoint_by_id(endpoint_id)
    return render_template("event_endpoints/roll.html", endpoint=endpoint, form=RollForm())


@bp.post("/<int:endpoint_id>/secrets")
@permission("event_endpoint.manage")
def create_secret(endpoint_id: int) -> ResponseReturnValue:
    """Make another secret and show it, this once."""
    endpoint, form = endpoint_by_id(endpoint_id), RollForm()
    if not form.validate_on_submit():
        return render_template("event_endpoints/roll.html", endpoint=endpoint, form=form), 422
    secret = roll(
        endpoint,
        overlap=timedelta(hours=form.hours.data),
        keys=signing_keys(),
        now=utc_now(),
        actor=current_actor(),
    )
    return _secret(endpoint, secret), 201


@bp.post("/<int:endpoint_id>/pauses")
@permission("event_endpoint.manage")
def hold_back(endpoint_id: int) -> ResponseReturnValue:
    """Hold events back; they wait."""
    _whole(Form())
    endpoint = endpoint_by_id(endpoint_id)
    pause(endpoint, now=utc_now(), actor=current_actor())
    flash("Events wait until you resume the endpoint.")
    return _back(endpoint_id)


@bp.post("/<int:endpoint_id>/resumptions")
@permission("event_endpoint.manage")
def go_on(endpoint_id: int) -> ResponseReturnValue:
    """Send events again, also those that were missed."""
    form = ResumeForm()
    _whole(form)
    endpoint = endpoint_by_id(endpoint_id)
    number = resume(
        endpoint, makes_up=bool(form.makes_up.data), now=utc_now(), actor=current_actor()
    )
    flash(f"Events are sent again. Made up for: {number}.")
    return _back(endpoint_id)


@bp.get("/<int:endpoint_id>/removals/new")
@permission("event_endpoint.manage")
def confirm_removal(endpoint_id: int) -> ResponseReturnValue:
    """Ask before an endpoint is removed: what waits for it is dropped."""
    return render_template("event_endpoints/remove.html", endpoint=endpoint_by_id(endpoint_id))


@bp.post("/<int:endpoint_id>/removals")
@permission("event_endpoint.manage")
def create_removal(endpoint_id: int) -> ResponseReturnValue:
    """Remove an endpoint."""
    _whole(Form())
    endpoint = endpoint_by_id(endpoint_id)
    remove(endpoint, now=utc_now(), actor=current_actor())
    flash(f"The endpoint {endpoint.label} is removed.")
    return redirect(url_for("event_endpoints.index"), code=303)


def allowed_networks() -> Sequence[Network]:
    """Return the private networks that events may be sent to."""
    return current_config().allowed_networks


def _secret(endpoint: EventEndpoint, secret: str) -> str:
    return render_template("event_endpoints/secret.html", endpoint=endpoint, secret=secret)


def _whole(form: Form) -> None:
    if not form.validate_on_submit():
        raise Invalid(DAMAGED)


def _back(endpoint_id: int) -> ResponseReturnValue:
    return redirect(url_for("event_deliveries.index", endpoint_id=endpoint_id), code=303)

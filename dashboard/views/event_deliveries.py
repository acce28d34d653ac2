"""What was sent to an endpoint, what became of it, and the same once more."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.clock import utc_now
from dashboard.errors import Invalid
from dashboard.forms.base import DAMAGED, Form
from dashboard.forms.endpoint import ReplayForm, ResumeForm
from dashboard.outgoing.again import replay_since, resend, send_test
from dashboard.outgoing.endpoints import endpoint_by_id
from dashboard.outgoing.listing import deliveries_of, delivery_by_id, waiting_at
from dashboard.outgoing.models import DELIVERY_STATES
from dashboard.outgoing.queue import is_under_way
from dashboard.outgoing.signing import body_of
from dashboard.views.access import current_actor
from dashboard.views.listing import Narrowed, log_kind
from jobs.outgoing import send_to_endpoint

bp = Blueprint("event_deliveries", __name__, url_prefix="/event-endpoints/<int:endpoint_id>")
DELIVERIES = log_kind("event_deliveries.index", "delivery", "deliveries", "state")
SINCE = timedelta(days=1)
LABELS = {
    "waits": "Waiting", "delivered": "Delivered", "given_up": "Given up", "dropped": "Dropped",
}  # fmt: skip


@bp.get("")
@permission("event_endpoint.view")
def index(endpoint_id: int) -> ResponseReturnValue:
    """Show an endpoint and its log."""
    endpoint, asked, now = endpoint_by_id(endpoint_id), DELIVERIES.asked(), utc_now()
    state = request.args.get("state")
    state = state if state in DELIVERY_STATES else None
    found = deliveries_of(endpoint, asked, state=state)
    narrowed = [Narrowed(("state",), LABELS[state])] if state else []
    return render_template(
        "event_endpoints/show.html",
        endpoint=endpoint,
        waiting=waiting_at(endpoint),
        found=DELIVERIES.listing(found, asked.sort, narrowed, endpoint_id=endpoint_id),
        under_way={one.id for one in found.rows if is_under_way(one, now=now)},
        states=((None, "All"), *LABELS.items()),
        resume_form=ResumeForm(),
    )


@bp.get("/deliveries/<int:delivery_id>")
@permission("event_endpoint.view")
def show(endpoint_id: int, delivery_id: int) -> ResponseReturnValue:
    """Show one delivery, and the event as it is sent."""
    endpoint = endpoint_by_id(endpoint_id)
    delivery = delivery_by_id(endpoint, delivery_id)
    return render_template(
        "event_endpoints/delivery.html",
        endpoint=endpoint,
        delivery=delivery,
        is_under_way=is_under_way(delivery, now=utc_now()),
        body=body_of(delivery.event),
    )


@bp.post("/deliveries/<int:delivery_id>/resends")
@permission("event_endpoint.send")
def create_resend(endpoint_id: int, delivery_id: int) -> ResponseReturnValue:
    """Send an event once more."""
    _whole(Form())
    endpoint = endpoint_by_id(endpoint_id)
    delivery = delivery_by_id(endpoint, delivery_id)
    again = resend(delivery, now=utc_now(), actor=current_actor())
    send_to_endpoint.enqueue(endpoint_id)
    flash("The event is on its way.")
    return _at(endpoint_id, again.id)


@bp.post("/tests")
@permission("event_endpoint.send")
def create_test(endpoint_id: int) -> ResponseReturnValue:
    """Send an event that says nothing but that it is a test."""
    _whole(Form())
    endpoint = endpoint_by_id(endpoint_id)
    delivery = send_test(endpoint, now=utc_now(), actor=current_actor())
    send_to_endpoint.enqueue(endpoint_id)
    flash("A test event is on its way.")
    return _at(endpoint_id, delivery.id)


@bp.get("/replays/new")
@permission("event_endpoint.send")
def new_replay(endpoint_id: int) -> ResponseReturnValue:
    """Ask since when events are to be sent again."""
    form = ReplayForm(since=utc_now() - SINCE)
    endpoint = endpoint_by_id(endpoint_id)
    return render_template("event_endpoints/replay.html", endpoint=endpoint, form=form)


@bp.post("/replays")
@permission("event_endpoint.send")
def create_replay(endpoint_id: int) -> ResponseReturnValue:
    """Send what happened since an instant."""
    endpoint, form = endpoint_by_id(endpoint_id), ReplayForm()
    if not form.validate_on_submit():
        return render_template("event_endpoints/replay.html", endpoint=endpoint, form=form), 422
    number = replay_since(
        endpoint,
        since=form.instant,
        with_arrived=bool(form.with_arrived.data),
        now=utc_now(),
        actor=current_actor(),
    )
    flash(f"Events to be sent: {number}.")
    return redirect(url_for("event_deliveries.index", endpoint_id=endpoint_id), code=303)


def _whole(form: Form) -> None:
    if not form.validate_on_submit():
        raise Invalid(DAMAGED)


def _at(endpoint_id: int, delivery_id: int) -> ResponseReturnValue:
    address = url_for("event_deliveries.show", endpoint_id=endpoint_id, delivery_id=delivery_id)
    return redirect(address, code=303)

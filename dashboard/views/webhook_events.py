"""The inbox: what Stripe told us and what became of it."""

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.audit.record import record
from dashboard.clock import utc_now
from dashboard.errors import Conflict
from dashboard.gateway.protocol import Gateway
from dashboard.views.access import current_actor
from dashboard.views.paging import before_id
from dashboard.webhooks.listing import EventFilter, counts_by_state, event_by_id, recent_events
from dashboard.webhooks.models import STATES, WebhookEvent
from dashboard.webhooks.process import preview_replay
from jobs.inbox import replay_event

bp = Blueprint("webhook_events", __name__, url_prefix="/webhook-events")


@bp.get("")
@permission("webhook.view")
def index() -> ResponseReturnValue:
    """List events, newest first, with how many are in each state."""
    asked = request.args.get("state")
    wanted = EventFilter(
        state=asked if asked in STATES else None, text=request.args.get("q", "").strip() or None
    )
    return render_template(
        "webhook_events/index.html",
        found=recent_events(wanted, before=before_id()),
        counts=counts_by_state(),
        wanted=wanted,
        states=STATES,
    )


@bp.get("/<int:event_id>")
@permission("webhook.view")
def show(event_id: int) -> ResponseReturnValue:
    """Show one event: its payload, its attempts, its error."""
    return render_template("webhook_events/show.html", event=event_by_id(event_id))


@bp.get("/<int:event_id>/replays/new")
@permission("webhook.replay")
def new_replay(event_id: int) -> ResponseReturnValue:
    """Show what processing the event once more would do; nothing is kept of it."""
    event = event_by_id(event_id)
    refuse_unreadable(event)
    gateway: Gateway = current_app.extensions["page_gateway"]
    outcome = preview_replay(event, gateway=gateway, now=utc_now())
    return render_template("webhook_events/show.html", event=event, preview=outcome)


@bp.post("/<int:event_id>/replays")
@permission("webhook.replay")
def create_replay(event_id: int) -> ResponseReturnValue:
    """Process the event once more; doing so twice changes nothing twice."""
    event = event_by_id(event_id)
    refuse_unreadable(event)
    facts = {"stripe_event_id": event.stripe_event_id, "state": event.state}
    record("event.replayed", event, current_actor(), facts, now=utc_now())
    replay_event.enqueue(event.id)
    flash("The event is being processed again.")
    return redirect(url_for("webhook_events.show", event_id=event_id), code=303)


def refuse_unreadable(event: WebhookEvent) -> None:
    """Raise `Conflict` where there is nothing to process."""
    if event.state == "unreadable":
        raise Conflict(
            "What was delivered could not be read as an event, so there is nothing to replay. "
            "Nothing was changed. Look it up at Stripe by its id or its time."
        )

"""The inbox: what Stripe told us and what became of it."""

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.audit.write import write_entry
from dashboard.clock import utc_now
from dashboard.errors import Conflict
from dashboard.forms.events import EventFilterForm
from dashboard.gateway.protocol import Gateway
from dashboard.gateway.reasons import calling_for
from dashboard.restores.held import check_not_held
from dashboard.views.access import current_actor
from dashboard.views.bulk_words import offered
from dashboard.views.listing import Narrowed, days_in_words, log_kind
from dashboard.webhooks.alike import FAILING, errors_alike
from dashboard.webhooks.listing import (
    EventFilter,
    counts_by_state,
    echoes_among,
    event_by_id,
    recent_events,
)
from dashboard.webhooks.models import STATES, WebhookEvent
from dashboard.webhooks.owners import owners_of
from dashboard.webhooks.process import preview_replay
from jobs.inbox import replay_event

bp = Blueprint("webhook_events", __name__, url_prefix="/webhook-events")
EVENTS = log_kind(
    "webhook_events.index", "event", "events",
    "state", "q", "organization", "first", "last", "echoes",
)  # fmt: skip


@bp.get("")
@permission("webhook.view")
def index() -> ResponseReturnValue:
    """List events, newest first, with how many are in each state."""
    form = EventFilterForm(request.args)
    wanted, asked = form.wanted(), EVENTS.asked()
    found = recent_events(wanted, asked)
    return render_template(
        "webhook_events/index.html",
        form=form,
        wanted=wanted,
        found=EVENTS.listing(found, asked.sort, narrowed_by(wanted)),
        owners=owners_of(found.rows),
        echoes=None if wanted.with_echoes else echoes_among(found, wanted, asked),
        errors=errors_alike() if wanted.state in FAILING else (),
        counts=counts_by_state(),
        verbs=offered("webhook_events"),
        states=((None, "All"), *((one, one.capitalize()) for one in STATES)),
    )


def narrowed_by(wanted: EventFilter) -> list[Narrowed]:
    """Return in words what a filter keeps."""
    told = (
        (("state",), wanted.state),
        (("q",), f"“{wanted.text}”" if wanted.text else None),
        (("organization",), wanted.slug),
        (("first", "last"), days_in_words(wanted.first, wanted.last)),
    )
    return [Narrowed(names, words) for names, words in told if words]


@bp.get("/<int:event_id>")
@permission("webhook.view")
def show(event_id: int) -> ResponseReturnValue:
    """Show one event: its payload, its attempts, its error."""
    return _show(event_by_id(event_id))


@bp.get("/<int:event_id>/replays/new")
@permission("webhook.replay")
def new_replay(event_id: int) -> ResponseReturnValue:
    """Show what processing the event once more would do; nothing is kept of it."""
    event = event_by_id(event_id)
    refuse_unreadable(event)
    gateway: Gateway = current_app.extensions["page_gateway"]
    with calling_for("preview"):
        outcome = preview_replay(event, gateway=gateway, now=utc_now())
    return _show(event, outcome)


@bp.post("/<int:event_id>/replays")
@permission("webhook.replay")
def create_replay(event_id: int) -> ResponseReturnValue:
    """Process the event once more; doing so twice changes nothing twice."""
    event = event_by_id(event_id)
    refuse_unreadable(event)
    # The worker would leave it, and what a person asked for would be lost.
    check_not_held()
    facts = {"stripe_event_id": event.stripe_event_id, "state": event.state}
    write_entry("event.replayed", event, current_actor(), facts, now=utc_now())
    replay_event.enqueue(event.id)
    flash("The event is being processed again.")
    return redirect(url_for("webhook_events.show", event_id=event_id), code=303)


def _show(event: WebhookEvent, preview: str | None = None) -> str:
    return render_template(
        "webhook_events/show.html",
        event=event,
        owner=owners_of([event]).get(event.about or ""),
        preview=preview,
        failing=FAILING,
    )


def refuse_unreadable(event: WebhookEvent) -> None:
    """Raise `Conflict` where there is nothing to process."""
    if event.state == "unreadable":
        raise Conflict(
            "This delivery could not be read as an event, so there is nothing to replay. Nothing "
            "was changed. Look it up at Stripe by its id or time."
        )

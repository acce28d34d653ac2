"""A day's closes rehearsed: what was said of them before, and what became of them."""

from datetime import UTC, date, timedelta

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.clock import utc_now
from dashboard.close_rehearsal.anomalies import WORDS
from dashboard.close_rehearsal.models import CloseRehearsal
from dashboard.close_rehearsal.rounds import ask_rehearsal
from dashboard.config import Config
from dashboard.errors import NotFound
from dashboard.extensions import db
from dashboard.forms.closing import RehearsalForm
from dashboard.needs.hold_recipes import recipe_of_hold
from dashboard.reading.rehearsals import rehearsals, rehearsed, seconds_at_rate
from dashboard.views.access import current_actor
from dashboard.views.hypermedia import is_htmx
from jobs.rehearsals import rehearse_closes

bp = Blueprint("rehearsals", __name__, url_prefix="/close/rehearsals")


@bp.get("")
@permission("closing.view")
def index() -> ResponseReturnValue:
    """Show the last rehearsal, and those before it by their day."""
    every = rehearsals()
    return _page(every[0] if every else None)


@bp.get("/<int:rehearsal_id>")
@permission("closing.view")
def show(rehearsal_id: int) -> ResponseReturnValue:
    """Show one rehearsal."""
    found = db.session.get(CloseRehearsal, rehearsal_id)
    if found is None:
        raise NotFound("There is no such rehearsal. Rehearsals are kept for 90 days.")
    return _page(found)


@bp.post("")
@permission("closing.rehearse")
def create() -> ResponseReturnValue:
    """Have a day's closes rehearsed now."""
    form = RehearsalForm()
    if not form.validate_on_submit():
        every = rehearsals()
        return _page(every[0] if every else None, form), 422
    begun = ask_rehearsal(form.wanted(), actor=current_actor(), now=utc_now())
    rehearse_closes.enqueue(queue="interactive")
    flash("The closes of that day are being rehearsed. Nothing is sent to Stripe.")
    return redirect(url_for("rehearsals.show", rehearsal_id=begun.id), code=303)


def _page(found: CloseRehearsal | None, form: RehearsalForm | None = None) -> str:
    told = rehearsed(found, now=utc_now()) if found else None
    return render_template(
        "closings/_rehearsed.html" if is_htmx() else "closings/rehearsal.html",
        told=told,
        seconds=_seconds(told.calls, found.looked) if told and found else 0,
        every=rehearsals(),
        form=form or RehearsalForm(day=_tomorrow()),
        words=WORDS,
        recipe_of=recipe_of_hold,
    )


def _tomorrow() -> date:
    return (utc_now().astimezone(UTC) + timedelta(days=1)).date()


def _seconds(calls: int, bills: int) -> float:
    config: Config = current_app.extensions["config"]
    return seconds_at_rate(
        calls,
        bills,
        account=config.stripe_requests_per_second,
        endpoint=config.stripe_endpoint_requests_per_second,
    )

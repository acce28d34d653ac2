"""Close of the month: how far it has come, what it waits for, what is on hold, and its pause."""

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.billing.policy import current_policy
from dashboard.clock import utc_now
from dashboard.closing.pause import last_pauses, open_pause, pause_closings, resume_closings
from dashboard.closing.progress import progress
from dashboard.closing.words import close_words, limit_words
from dashboard.errors import Invalid
from dashboard.forms.base import DAMAGED
from dashboard.forms.closing import PauseForm, ResumeForm
from dashboard.needs.hold_recipes import recipe_of_hold
from dashboard.reading.close_progress import close_counts, held_by_reason, issued_on_hold
from dashboard.views.access import current_actor
from dashboard.views.bulk_words import repairs_of
from dashboard.views.formatting import instant
from dashboard.views.hypermedia import is_htmx
from jobs.closing_means import means

bp = Blueprint("closings", __name__, url_prefix="/close")
USUAL_PAUSE = timedelta(hours=2)


@bp.get("")
@permission("closing.view")
def show() -> ResponseReturnValue:
    """Show the close; a poll gets the part that moves."""
    if is_htmx():
        return render_template("closings/_progress.html", **_found())
    now = utc_now()
    until = (now + USUAL_PAUSE).replace(second=0, microsecond=0)
    held = open_pause(now=now)
    if held is None:
        return _page(PauseForm(until=until))
    return _page(PauseForm(until=held.until_at, reason=held.reason, seen=str(held.id)))


@bp.post("/pauses")
@permission("closing.pause")
def create_pause() -> ResponseReturnValue:
    """Issue nothing until a time."""
    form = PauseForm()
    if not form.validate_on_submit():
        return _page(form), 422
    until = form.wanted()
    pause_closings(
        until=until,
        reason=str(form.reason.data).strip(),
        actor=current_actor(),
        now=utc_now(),
        replaces=form.replaces(),
    )
    flash(f"Closings are paused until {instant(until)}. What has begun is finished first.")
    return redirect(url_for("closings.show"), code=303)


@bp.post("/resumptions")
@permission("closing.pause")
def create_resumption() -> ResponseReturnValue:
    """Let closings go on."""
    form = ResumeForm()
    if not form.validate_on_submit():
        raise Invalid(DAMAGED)
    resume_closings(form.pause_id(), actor=current_actor(), now=utc_now())
    flash("Closings continue.")
    return redirect(url_for("closings.show"), code=303)


def _page(form: PauseForm) -> str:
    return render_template("closings/show.html", form=form, pauses=last_pauses(), **_found())


def _found() -> dict[str, object]:
    now = utc_now()
    counts, has = close_counts(now=now), means(now=now)
    told = progress(counts, has, now=now)
    return {
        "counts": counts,
        "means": has,
        "told": told,
        "sentence": close_words(told),
        "limit": limit_words(told, has),
        "recipe_of": recipe_of_hold,
        "held": held_by_reason(now=now),
        "issued_held": issued_on_hold(),
        "repairs_of": repairs_of,
        "window": current_policy().closing_window,
        "pause": open_pause(now=now),
    }

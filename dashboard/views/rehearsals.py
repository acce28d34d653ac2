"""A day's closes rehearsed: what was said of them before, and what became of them."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, timedelta

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.close_rehearsal.anomalies import WORDS
from dashboard.close_rehearsal.models import CloseRehearsal
from dashboard.close_rehearsal.rounds import ask_rehearsal
from dashboard.closing.hold import hold_bill
from dashboard.config import Config
from dashboard.errors import Conflict, NotFound
from dashboard.extensions import db
from dashboard.forms.bill_holds import HoldForm, ReleaseForm, chosen_ids
from dashboard.forms.closing import RehearsalForm
from dashboard.needs.hold_recipes import recipe_of_hold
from dashboard.reading.rehearsals import (
    rehearsals,
    rehearsed,
    rehearsed_invoices,
    seconds_at_rate,
)
from dashboard.sync.let_issue import release_bills
from dashboard.views.access import current_actor
from dashboard.views.formatting import counted
from dashboard.views.hypermedia import is_htmx
from jobs.rehearsals import rehearse_closes
from jobs.syncs import enqueue_run
from jobs.watch import look_soon

NONE_CHOSEN = "No bill was chosen. Check the boxes of the bills first."

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
    return _page(_found(rehearsal_id))


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


@bp.post("/<int:rehearsal_id>/holds")
@permission("closing.hold")
def create_holds(rehearsal_id: int) -> ResponseReturnValue:
    """Hold the bills that were chosen; one that is issued by now is left out, and said."""
    found, form = _found(rehearsal_id), HoldForm()
    bills = _chosen(found)
    if not form.validate_on_submit() or not bills:
        if not bills:
            form.reason.errors = [NONE_CHOSEN]
        return _page(found, hold=form), 422
    held = 0
    for bill in bills:
        # One is refused before anything of it is changed.
        with suppress(Conflict):
            hold_bill(bill, reason=str(form.reason.data), actor=current_actor(), now=utc_now())
            held += 1
    left = len(bills) - held
    issued = f" {counted(left, 'bill')} {'was' if left == 1 else 'were'} issued before."
    flash(f"{counted(held, 'bill')} held until released.{issued if left else ''}")
    return redirect(url_for("rehearsals.show", rehearsal_id=rehearsal_id), code=303)


@bp.post("/<int:rehearsal_id>/releases")
@permission("closing.hold")
def create_releases(rehearsal_id: int) -> ResponseReturnValue:
    """Release the bills that were chosen."""
    found, form = _found(rehearsal_id), ReleaseForm()
    bills = _chosen(found)
    if not form.validate_on_submit() or not bills:
        if not bills:
            form.note.errors = [NONE_CHOSEN]
        return _page(found, release=form), 422
    note = (form.note.data or "").strip() or None
    for run in release_bills(bills, reason=note, actor=current_actor(), now=utc_now()):
        enqueue_run(run)
    look_soon()
    flash(f"{counted(len(bills), 'bill')} released.")
    return redirect(url_for("rehearsals.show", rehearsal_id=rehearsal_id), code=303)


def _found(rehearsal_id: int) -> CloseRehearsal:
    found = db.session.get(CloseRehearsal, rehearsal_id)
    if found is None:
        raise NotFound("There is no such rehearsal. Rehearsals are kept for 90 days.")
    return found


def _chosen(found: CloseRehearsal) -> Sequence[Invoice]:
    return rehearsed_invoices(found, chosen_ids(request.form.getlist("bill")))


def _page(
    found: CloseRehearsal | None,
    form: RehearsalForm | None = None,
    *,
    hold: HoldForm | None = None,
    release: ReleaseForm | None = None,
) -> str:
    told = rehearsed(found, now=utc_now()) if found else None
    return render_template(
        "closings/_rehearsed.html" if is_htmx() else "closings/rehearsal.html",
        told=told,
        seconds=_seconds(told.calls, found.looked) if told and found else 0,
        every=rehearsals(),
        form=form or RehearsalForm(day=_tomorrow()),
        words=WORDS,
        recipe_of=recipe_of_hold,
        chosen=chosen_ids(request.form.getlist("bill")) if hold or release else (),
        hold=hold or HoldForm(formdata=None),
        release=release or ReleaseForm(formdata=None),
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

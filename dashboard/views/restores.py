"""A ledger that was restored: since when, what is apart from Stripe, and its release."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.clock import utc_now
from dashboard.forms.restore import ReleaseForm
from dashboard.restores.finding import KINDS
from dashboard.restores.held import why_comparing, why_held
from dashboard.restores.look import ask_look, findings_of
from dashboard.restores.release import end_comparison, last_restore, release
from dashboard.restores.repair import ask_repair
from dashboard.transaction import checkpoint
from dashboard.views.access import current_actor
from jobs.inbox import backfill_events, ring
from jobs.restores import look_behind, repair_finding
from jobs.watch import look_soon

bp = Blueprint("restores", __name__, url_prefix="/restores")


@bp.get("")
@permission("restore.view")
def show() -> ResponseReturnValue:
    """Show whether the ledger is held, what Stripe has that it forgot, and what is to be done."""
    restore = last_restore()
    found = findings_of(restore) if restore else []
    return render_template(
        "restores/show.html",
        why=why_held(),
        comparing=why_comparing(),
        restore=restore,
        found=found,
        left=sum(one.settled_at is None and KINDS[one.kind].counts for one in found),
        kinds=KINDS,
        form=ReleaseForm(),
    )


@bp.post("/looks")
@permission("restore.repair")
def create_look() -> ResponseReturnValue:
    """Have Stripe read back once more: what is put right there is gone from the list then."""
    ask_look(actor=current_actor(), now=utc_now())
    look_behind.enqueue()
    flash("Stripe is being read back. Reload the page to see what is apart.")
    return redirect(url_for("restores.show"), code=303)


@bp.post("/findings/<int:finding_id>/repairs")
@permission("restore.repair")
def create_repair(finding_id: int) -> ResponseReturnValue:
    """Have a difference put right by a worker; doing so twice changes nothing twice."""
    finding = ask_repair(finding_id, actor=current_actor(), now=utc_now())
    repair_finding.enqueue(finding_id)
    flash(f"{KINDS[finding.kind].action}: it is being done. Reload the page to see it done.")
    return redirect(url_for("restores.show"), code=303)


@bp.post("/<int:restore_id>/releases")
@permission("restore.release")
def create_release(restore_id: int) -> ResponseReturnValue:
    """Let closings and calls to Stripe go on."""
    release(
        restore_id,
        actor=current_actor(),
        now=utc_now(),
        reason=ReleaseForm().wanted(),
        checkpoint=checkpoint,
    )
    ring()
    # The banner of each page goes with the need.
    look_soon()
    flash("The ledger is released. Closings go on, and every draft is compared with Stripe.")
    return redirect(url_for("restores.show"), code=303)


@bp.post("/comparisons/ends")
@permission("restore.release")
def end_the_comparison() -> ResponseReturnValue:
    """Let calls to Stripe go on though the mark was not read since the ledger stood still."""
    end_comparison(actor=current_actor(), now=utc_now(), reason=ReleaseForm().wanted())
    # What Stripe told while nothing of ours was seen may have been taken in by nothing.
    backfill_events.enqueue()
    ring()
    look_soon()
    flash("The comparison is over. Closings and calls to Stripe go on.")
    return redirect(url_for("restores.show"), code=303)

"""Whether the money adds up: each invariant, where it does not hold, and how far the look is."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.billing.policy import current_policy
from dashboard.clock import utc_now
from dashboard.forms.invariant import LookForm, RoundForm
from dashboard.gaps.gap import KINDS
from dashboard.gaps.repair import ask_look, ask_repair
from dashboard.invariants.invariant import Invariant
from dashboard.invariants.known import BY_NAME
from dashboard.invariants.rounds import EVERY, ask_round, look_now
from dashboard.organizations.lookup import organization_by_slug
from dashboard.reading.gaps import read_gaps
from dashboard.reading.invariants import MOST, read_invariants
from dashboard.views.access import current_actor
from dashboard.views.addresses import local_address
from dashboard.views.hypermedia import is_htmx
from jobs.gaps import look_through_stripe, repair_gap
from jobs.invariants import look_soon
from jobs.recount import recount_soon

bp = Blueprint("invariants", __name__, url_prefix="/invariants")
PLACES = {
    "usage": "usage.show",
    "syncs": "sync_runs.of_organization",
    "timeline": "timeline.show",
}


@bp.get("")
@permission("invariant.view")
def show() -> ResponseReturnValue:
    """Show what must hold, where it does not, and when everybody was last looked at."""
    name = request.args.get("name")
    chosen = BY_NAME.get(name or "")
    return render_template(
        "invariants/_checks.html" if is_htmx() else "invariants/show.html",
        chosen=chosen,
        overview=read_invariants(now=utc_now(), name=chosen.name if chosen else None),
        every=EVERY.total_seconds(),
        most=MOST,
        holds=current_policy().hold_when_broken,
        form=LookForm(),
        address_of_place=address_of_place,
        gaps=read_gaps(),
        gap_kinds=KINDS,
    )


@bp.post("/looks")
@permission("invariant.look")
def create_look() -> ResponseReturnValue:
    """Look at one organization now."""
    organization = organization_by_slug(LookForm().wanted())
    broken = look_now(organization, actor=current_actor(), now=utc_now())
    recount_soon(organization.id)
    checks = "1 check fails" if broken == 1 else f"{broken} checks fail"
    flash(
        f"Looked at {organization.name} just now: "
        + (f"{checks}. It counts once a second look, a minute later, finds the same."
           if broken else "everything adds up.")
    )  # fmt: skip
    return redirect(_back(), code=303)


@bp.post("/rounds")
@permission("invariant.look")
def create_round() -> ResponseReturnValue:
    """Have all organizations looked at for one invariant, before the clock's own round goes on."""
    begun = ask_round(RoundForm().wanted(), actor=current_actor(), now=utc_now())
    look_soon()
    flash(f"Looking at all organizations, {begun.looked:,} of {begun.total:,} so far.")
    return redirect(_back(), code=303)


@bp.post("/gaps/looks")
@permission("gap.look")
def create_gap_look() -> ResponseReturnValue:
    """Have all that Stripe has looked through for gaps, before the clock's own look goes on."""
    ask_look(actor=current_actor(), now=utc_now())
    look_through_stripe.enqueue()
    flash("Looking through Stripe's events, invoices and customers. Reload the page to see gaps.")
    return redirect(url_for("invariants.show", _anchor="gaps"), code=303)


@bp.post("/gaps/<int:gap_id>/repairs")
@permission("gap.repair")
def create_gap_repair(gap_id: int) -> ResponseReturnValue:
    """Have a gap closed by a worker; doing so twice changes nothing twice."""
    gap = ask_repair(gap_id, actor=current_actor(), now=utc_now())
    repair_gap.enqueue(gap_id)
    flash(f"{KINDS[gap.kind].action}: it is being done. The gap leaves the list once it is gone.")
    return redirect(url_for("invariants.show", _anchor="gaps"), code=303)


def address_of_place(invariant: Invariant, slug: str, sequence: int | None) -> str:
    """Return the page on which what was found is seen in full and mended."""
    if sequence is not None and invariant.place in ("invoice", "at_stripe"):
        if invariant.place == "at_stripe":
            return url_for("at_stripe.show", slug=slug, invoice=sequence)
        return url_for("invoices.show", slug=slug, sequence=sequence)
    return url_for(PLACES.get(invariant.place, "timeline.show"), slug=slug)


def _back() -> str:
    return local_address(request.form.get("back", "")) or url_for("invariants.show")

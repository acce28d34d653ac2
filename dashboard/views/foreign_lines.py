"""What becomes of lines on Stripe's draft that are not ours."""

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.clock import utc_now
from dashboard.money import Money
from dashboard.organizations.lookup import organization_by_slug
from dashboard.sync.decide import decide_line, foreign_line
from dashboard.sync.request import Request, request_sync
from dashboard.views.access import current_actor
from dashboard.views.proof import need_proof_above
from jobs.syncs import enqueue_run

bp = Blueprint("foreign_lines", __name__, url_prefix="/organizations/<slug>/foreign-lines")

WORDS = {
    "take_ours": "The line will be removed at Stripe by the sync that has just started.",
    "adopt": "The line is an adjustment of the invoice now.",
    "leave": "The line stays at Stripe, and the invoice is held while it does. Its page lets you "
    "decide anew.",
}


@bp.post("/<int:line_id>/decisions")
@permission("foreign_line.decide")
def decide(slug: str, line_id: int) -> ResponseReturnValue:
    """Take ours, adopt theirs, or leave the line."""
    organization, now = organization_by_slug(slug), utc_now()
    line = foreign_line(organization, line_id)
    decision, seen = request.form.get("decision", ""), request.form.get("seen") or None
    if decision == "adopt":
        need_proof_above(Money(line.amount_cents, organization.currency))
    invoice = decide_line(line, decision, seen=seen, actor=current_actor(), now=now)
    if decision != "leave":
        wanted = Request("support", current_actor(), verify=True)
        enqueue_run(request_sync(invoice, wanted, now=now))
    flash(WORDS[decision])
    # Of the current invoice this goes on to the organization's page.
    return redirect(url_for("invoices.show", slug=slug, sequence=invoice.sequence), code=303)

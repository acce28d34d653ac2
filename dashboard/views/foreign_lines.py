"""What becomes of lines on Stripe's draft that are not ours."""

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.clock import utc_now
from dashboard.organizations.lookup import organization_by_slug
from dashboard.sync.decide import decide_line, foreign_line
from dashboard.sync.request import Request, request_sync
from dashboard.views.access import current_actor
from jobs.syncs import enqueue_run

bp = Blueprint("foreign_lines", __name__, url_prefix="/organizations/<slug>/foreign-lines")

WORDS = {
    "take_ours": "The line will be removed at Stripe by the sync that has just started.",
    "adopt": "The line is an adjustment of the current invoice now.",
    "leave": "The line stays at Stripe. The invoice is held until you decide otherwise.",
}


@bp.post("/<int:line_id>/decisions")
@permission("foreign_line.decide")
def decide(slug: str, line_id: int) -> ResponseReturnValue:
    """Take ours, adopt theirs, or leave the line."""
    organization, now = organization_by_slug(slug), utc_now()
    line = foreign_line(organization, line_id)
    decision = request.form.get("decision", "")
    invoice = decide_line(line, decision, actor=current_actor(), now=now)
    if decision != "leave":
        wanted = Request("support", current_actor(), verify=True)
        enqueue_run(request_sync(invoice, wanted, now=now))
    flash(WORDS[decision])
    return redirect(url_for("organizations.show", slug=slug), code=303)

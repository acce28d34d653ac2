"""Stripe's own schedule of a draft: what bills it should we not be there."""

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.billing.overview import invoice_by_sequence
from dashboard.clock import utc_now
from dashboard.organizations.lookup import organization_by_slug
from dashboard.sync.request import Request, request_sync
from dashboard.sync.stripe_draft import ask_for_schedule
from dashboard.views.access import current_actor
from jobs.syncs import enqueue_run

bp = Blueprint("schedules", __name__, url_prefix="/organizations/<slug>/invoices/<int:sequence>")


@bp.post("/schedule")
@permission("sync.run")
def create(slug: str, sequence: int) -> ResponseReturnValue:
    """Have the schedule that somebody switched off stand again."""
    invoice, now = invoice_by_sequence(organization_by_slug(slug), sequence), utc_now()
    ask_for_schedule(invoice, actor=current_actor(), now=now)
    enqueue_run(request_sync(invoice, Request("support", current_actor()), now=now))
    flash("Stripe's own schedule is being turned on: it finalizes the invoice if we cannot.")
    return redirect(url_for("invoices.show", slug=slug, sequence=sequence), code=303)

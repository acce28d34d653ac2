"""Usage of the current cycle, by metered price and day."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.billing.cycle_usage import usage_in_cycle
from dashboard.billing.fold import counted_organization
from dashboard.billing.overview import draft_of
from dashboard.clock import utc_now
from dashboard.usage.breakdown import usage_of_cycle
from dashboard.usage.taken_off import list_taken_off
from dashboard.views.chart import chart_of_cycle
from dashboard.views.paging import page_number

bp = Blueprint("usage", __name__, url_prefix="/organizations/<slug>/usage")


@bp.get("")
@permission("organization.view")
def show(slug: str) -> ResponseReturnValue:
    """Show what was used in the whole cycle, one row per metered price, and which invoice bills it.

    The cycle and not the current invoice: bars, quantity and amount are then of the same span,
    also after an early roll.
    """
    now = utc_now()
    organization = counted_organization(slug, now=now)
    invoice = draft_of(organization)
    days = usage_of_cycle(invoice.cycle_id) if invoice else {}
    rows = [
        (used, chart_of_cycle(days.get(used.latest.price_version_id or 0, []), invoice.cycle, now))
        for used in (usage_in_cycle(invoice.organization_id, invoice.cycle_id) if invoice else [])
        if invoice
    ]
    return render_template(
        "usage/show.html",
        organization=organization,
        invoice=invoice,
        rows=rows,
        # Before the fold and everything that was read after it.
        counted_to=now,
        taken_off=list_taken_off(organization, number=page_number()),
    )

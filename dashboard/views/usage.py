"""Usage of the current cycle, by metered price and day."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.billing.overview import draft_of, items_of
from dashboard.clock import utc_now
from dashboard.organizations.lookup import organization_by_slug
from dashboard.usage.breakdown import usage_of_cycle
from dashboard.views.chart import chart_of_cycle

bp = Blueprint("usage", __name__, url_prefix="/organizations/<slug>/usage")


@bp.get("")
@permission("organization.view")
def show(slug: str) -> ResponseReturnValue:
    """Show what was used this cycle, one row per metered price."""
    organization, now = organization_by_slug(slug), utc_now()
    invoice = draft_of(organization)
    days = usage_of_cycle(invoice.cycle_id) if invoice else {}
    rows = [
        (item, chart_of_cycle(days.get(item.price_version_id or 0, []), invoice.cycle, now))
        for item in (items_of(invoice) if invoice else [])
        if invoice and item.kind == "metered" and item.cycle_id == invoice.cycle_id
    ]
    return render_template("usage/show.html", organization=organization, invoice=invoice, rows=rows)

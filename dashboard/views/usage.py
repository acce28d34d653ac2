"""What was spent and used: the chart of spend, and the current cycle's usage by metered price."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.clock import utc_now
from dashboard.reading.breakdown import usage_of_cycle
from dashboard.reading.cycle_usage import usage_in_cycle
from dashboard.reading.opening import open_bill
from dashboard.reading.spend.read import Wanted, spend_of, tag_of_spend
from dashboard.usage.taken_off import list_taken_off
from dashboard.views.chart import chart_of_cycle
from dashboard.views.opening import opened, opens
from dashboard.views.paging import page_number
from dashboard.views.spend_chart import chart_of

bp = Blueprint("usage", __name__, url_prefix="/organizations/<slug>/usage")


@bp.get("")
@permission("organization.view")
@opens(open_bill)
def show(slug: str) -> ResponseReturnValue:
    """Show what was spent over time, and what was used in the whole cycle by metered price.

    The cycle and not the current invoice: bars, quantity and amount are then of the same span,
    also after an early roll.
    """
    now = utc_now()
    organization, draft = opened(slug)
    wanted = Wanted.of(request.args)
    used = usage_in_cycle(organization.id, draft.invoice.cycle_id) if draft else []
    days = usage_of_cycle(draft.invoice.cycle_id) if draft and used else {}
    rows = [
        (one, chart_of_cycle(days.get(one.latest.price_version_id or 0, []), draft.around, now))
        for one in used
        if draft
    ]
    return render_template(
        "usage/show.html",
        organization=organization,
        invoice=draft.invoice if draft else None,
        cycle=draft.around if draft else None,
        chart=chart_of(spend_of(draft, wanted, now=now), wanted) if draft else None,
        tag=tag_of_spend(draft, wanted, now=now) if draft else "",
        rows=rows,
        # Before the fold and everything that was read after it.
        counted_to=now,
        taken_off=list_taken_off(organization, number=page_number()),
    )

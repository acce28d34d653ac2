"""Money over time: the chart as a fragment, for the current invoice and for its own page."""

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.audit.write import write_entry
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.errors import NotFound
from dashboard.extensions import db
from dashboard.reading.opening import open_bill
from dashboard.reading.spend.read import Wanted, spend_of, tag_of_spend
from dashboard.statement import may_write
from dashboard.views.access import current_actor
from dashboard.views.exports import csv_answer
from dashboard.views.hypermedia import is_htmx, live
from dashboard.views.opening import opened, opens
from dashboard.views.spend_chart import chart_of
from dashboard.views.spend_words import spend_rows

bp = Blueprint("spend", __name__, url_prefix="/organizations/<slug>")


@bp.get("/spend")
@permission("organization.view")
@opens(open_bill)
def show(slug: str) -> ResponseReturnValue:
    """Answer with the chart, or 304 where nothing moved; without scripts, lead to its page."""
    wanted = Wanted.of(request.args)
    if not is_htmx():
        return redirect(url_for("usage.show", slug=slug, **wanted.words()), code=303)
    (organization, draft), now = opened(slug), utc_now()
    if draft is None:
        return "", 204

    def render() -> str:
        chart = chart_of(spend_of(draft, wanted, now=now), wanted)
        return render_template("spend/_spend.html", organization=organization, chart=chart)

    return live(tag_of_spend(draft, wanted, now=now), render)


@bp.get("/spend.csv")
@permission("organization.view")
@opens(open_bill)
def export(slug: str) -> Response:
    """Download what the chart shows, all groups of it."""
    (organization, draft), now = opened(slug), utc_now()
    if draft is None:
        raise NotFound(f"{organization.name} has no open cycle, so there is nothing to download.")
    wanted = Wanted.of(request.args)
    rows = list(spend_rows(spend_of(draft, wanted, now=now), wanted.by))
    may_write()
    invoice = db.session.get_one(Invoice, draft.invoice.id)
    facts = {"by": wanted.by, "range": wanted.over}
    write_entry("spend.exported", invoice, current_actor(), facts, now=now)
    name = f"{slug}-spend-by-{wanted.by}-{wanted.over}-{now:%Y-%m-%d}.csv"
    return csv_answer(name, rows)

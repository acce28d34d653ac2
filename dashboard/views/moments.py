"""A bill as it was at a moment, and what changed until another."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.billing.fold import counted_organization
from dashboard.billing.overview import invoice_by_sequence
from dashboard.clock import utc_now
from dashboard.errors import Invalid
from dashboard.forms.moment import MomentForm
from dashboard.installation import this_installation
from dashboard.reading.moment import bill_then, moved_between

bp = Blueprint("moments", __name__, url_prefix="/organizations/<slug>/invoices/<int:sequence>/then")


@bp.get("")
@permission("invoice.view")
def show(slug: str, sequence: int) -> ResponseReturnValue:
    """Show the bill as it was; without a moment ask for one, without a second compare with now."""
    now = utc_now()
    organization = counted_organization(slug, now=now)
    invoice = invoice_by_sequence(organization, sequence)
    form, since = MomentForm(request.args), this_installation().history_since
    told = {"organization": organization, "invoice": invoice, "form": form, "refused": ""}
    told |= {"begun": max(invoice.created_at, since), "moved": [], "before": None, "after": None}
    form.validate()
    first, second = form.instant("at"), form.instant("against") or now
    if form.errors or first is None:
        return _page(told), 422 if form.errors else 200
    earlier, later = sorted((first, second))
    try:
        before = bill_then(invoice, earlier, since=since, now=now)
        after = bill_then(invoice, later, since=since, now=now)
    except Invalid as wrong:
        return _page(told | {"refused": wrong.message}), 422
    moved = moved_between(before, after)
    return _page(told | {"before": before, "after": after, "moved": moved, "now": now})


def _page(told: dict[str, object]) -> str:
    return render_template("moments/show.html", **told)

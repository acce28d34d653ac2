"""What happened to the lines of an organization's bills: every change, with its cause."""

from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.audit.write import write_entry
from dashboard.billing.current import draft_of
from dashboard.billing.fold import counted_organization
from dashboard.clock import utc_now
from dashboard.errors import Invalid
from dashboard.forms.history import HistoryFilterForm
from dashboard.installation import this_installation
from dashboard.organizations.models import Organization
from dashboard.reading.history import every_change, products_of, read_history
from dashboard.reading.history_query import HistoryFilter, Place
from dashboard.views.access import current_actor, reader
from dashboard.views.exports import csv_answer
from dashboard.views.history_rows import history_rows
from dashboard.views.history_words import CHOICES, WORDS
from dashboard.views.paging import read_place

bp = Blueprint("history", __name__, url_prefix="/organizations/<slug>")


@bp.get("/history")
@permission("organization.view")
def index(slug: str) -> ResponseReturnValue:
    """List the changes, newest first."""
    organization = counted_organization(slug, now=utc_now())
    form = HistoryFilterForm(request.args)
    form.offer(products_of(organization.id), CHOICES)
    found = read_history(_wanted(form, organization), before=_before())
    kept: dict[str, Any] = {
        name: value for name, value in request.args.items() if name in form.data and value
    }
    return render_template(
        "history/index.html",
        organization=organization,
        form=form,
        found=found,
        current=draft_of(organization),
        kept=kept,
        history_since=this_installation().history_since,
        export=url_for("history.export", slug=slug, **kept),
        **WORDS,
    )


@bp.get("/history.csv")
@permission("organization.view")
def export(slug: str) -> Response:
    """Download the changes that the filters keep."""
    organization = counted_organization(slug, now=utc_now())
    form = HistoryFilterForm(request.args)
    wanted = _wanted(form, organization)
    if form.errors:
        wrong = ", ".join(form[name].label.text for name in form.errors)
        raise Invalid(
            f"The filter cannot be read: {wrong}. Nothing was downloaded. Correct it first."
        )
    filters = {name: value for name in form.data if (value := request.args.get(name))}
    write_entry(
        "history.exported", organization, current_actor(), {"filters": filters}, now=utc_now()
    )
    rows = history_rows(every_change(wanted), is_staff=reader().is_staff)
    return csv_answer(f"{slug}-history.csv", rows)


def _wanted(form: HistoryFilterForm, organization: Organization) -> HistoryFilter:
    form.validate()
    return HistoryFilter(
        organization.id,
        item_id=form.item_id,
        product=form.product.data or None,
        cause=form.cause.data or None,
        first=form.day("first"),
        last=form.day("last"),
    )


def _before() -> Place | None:
    return read_place(request.args.get("before", ""), Place.read)

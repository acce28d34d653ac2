"""Everything that happened to an organization, newest first."""

from __future__ import annotations

from datetime import UTC, date
from itertools import groupby
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.forms.timeline import TimelineForm
from dashboard.organizations.lookup import organization_by_slug
from dashboard.organizations.notes import pinned_notes
from dashboard.reading.timeline.happening import Happening
from dashboard.reading.timeline.read import Timeline, read_timeline
from dashboard.reading.timeline.wanted import KINDS, OF_STAFF, Place, Wanted
from dashboard.views.access import reader
from dashboard.views.hypermedia import is_htmx
from dashboard.views.paging import read_place
from dashboard.views.timeline_said import Said, Where
from dashboard.views.timeline_words import said_of

bp = Blueprint("timeline", __name__, url_prefix="/organizations/<slug>/timeline")
# Beside a bill.
RECENT = 12
LABELS = {
    "money": "Money", "bill": "Bills", "services": "Services", "usage": "Usage", "syncs": "Syncs",
    "events": "Events", "people": "People",
    "notes": "Notes", "alerts": "Alerts and mail",
}  # fmt: skip


@bp.get("")
@permission("organization.view")
def show(slug: str) -> ResponseReturnValue:
    """Show a page of it, by kind and days; customers see what is theirs."""
    organization, for_staff = organization_by_slug(slug), reader().is_staff
    form = TimelineForm(request.args)
    form.validate()
    kind = form.kept("kind")
    wanted = Wanted(
        organization.id,
        for_staff,
        kind=kind if kind in KINDS else None,
        first=form.kept("first"),
        last=form.kept("last"),
    )
    found = read_timeline(wanted, before=_before())
    kept: dict[str, Any] = {
        name: value for name in ("kind", "first", "last") if (value := request.args.get(name))
    }
    return render_template(
        "timeline/show.html",
        organization=organization,
        form=form,
        kind=wanted.kind,
        kinds={one: LABELS[one] for one in KINDS if for_staff or one not in OF_STAFF},
        days=by_day(found, Where(slug, for_staff)),
        found=found,
        pinned=pinned_notes(organization.id) if for_staff else (),
        kept=kept,
    )


@bp.get("/recent")
@permission("note.write")
def recent(slug: str) -> ResponseReturnValue:
    """Show the newest of it beside the bill; asked for by that page once it is shown."""
    if not is_htmx():
        return redirect(url_for("timeline.show", slug=slug), code=303)
    organization = organization_by_slug(slug)
    found = read_timeline(Wanted(organization.id, for_staff=True), size=RECENT)
    return render_template(
        "timeline/_recent.html",
        organization=organization,
        pinned=pinned_notes(organization.id),
        days=by_day(found, Where(slug, for_staff=True)),
    )


def _before() -> Place | None:
    return read_place(request.args.get("before", ""), Place.read)


def by_day(found: Timeline, where: Where) -> list[tuple[date, list[tuple[Happening, Said]]]]:
    """Return the rows with what they say, by UTC day."""
    return [
        (day, [(one, said_of(one, where)) for one in rows])
        for day, rows in groupby(found.rows, lambda one: one.at.astimezone(UTC).date())
    ]

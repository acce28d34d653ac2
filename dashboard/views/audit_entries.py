"""The audit trail, read and exported; nothing here can change it."""

from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.people import person_by_id
from dashboard.accounts.permissions import permission
from dashboard.audit.listing import AuditFilter, entries, every_entry
from dashboard.audit.record import record
from dashboard.clock import utc_now
from dashboard.errors import Invalid
from dashboard.forms.audit import AuditFilterForm
from dashboard.views.access import current_actor, reader
from dashboard.views.exports import audit_object, audit_rows, csv_answer, json_lines_answer
from dashboard.views.paging import before_id

bp = Blueprint("audit_entries", __name__)


@bp.get("/audit-entries")
@permission("audit.view")
def index() -> ResponseReturnValue:
    """List who did what, newest first."""
    form = AuditFilterForm(request.args)
    found = entries(form.wanted(), before=before_id())
    kept: dict[str, Any] = {
        name: value for name, value in request.args.items() if name != "before" and value
    }
    return render_template(
        "audit_entries/index.html",
        form=form,
        found=found,
        kept=kept,
        exports={
            "CSV": url_for("audit_entries.export", **kept),
            "JSON lines": url_for("audit_entries.export_lines", **kept),
        },
    )


@bp.get("/audit-entries.csv")
@permission("audit.view")
def export() -> Response:
    """Download the entries that the filters keep."""
    return csv_answer("audit-trail.csv", audit_rows(every_entry(_exported("CSV"))))


@bp.get("/audit-entries.jsonl")
@permission("audit.view")
def export_lines() -> Response:
    """Download them for a program: an object in each line."""
    lines = (audit_object(line) for line in every_entry(_exported("JSON lines")))
    return json_lines_answer("audit-trail.jsonl", lines)


def _exported(format_: str) -> AuditFilter:
    """Put the download on record and return what it keeps; raises `Invalid`."""
    form = AuditFilterForm(request.args)
    wanted = form.wanted()
    if form.errors:
        wrong = ", ".join(form[name].label.text for name in form.errors)
        raise Invalid(
            f"The filter cannot be read: {wrong}. Nothing was downloaded. Correct it first."
        )
    filters = {name: value for name in form.data if (value := request.args.get(name))}
    who = person_by_id(reader().id)
    facts = {"format": format_, "filters": filters}
    record("audit.exported", who, current_actor(), facts, now=utc_now())
    return wanted

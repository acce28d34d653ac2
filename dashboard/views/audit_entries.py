"""The audit trail, read and exported; nothing here can change it."""

from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.audit.listing import entries, every_entry
from dashboard.errors import Invalid
from dashboard.forms.audit import AuditFilterForm
from dashboard.views.exports import audit_rows, csv_answer
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
        export=url_for("audit_entries.export", **kept),
    )


@bp.get("/audit-entries.csv")
@permission("audit.view")
def export() -> Response:
    """Download the entries that the filters keep."""
    form = AuditFilterForm(request.args)
    wanted = form.wanted()
    if form.errors:
        wrong = ", ".join(form[name].label.text for name in form.errors)
        raise Invalid(f"The filter cannot be read: {wrong}. Nothing was sent. Correct it first.")
    return csv_answer("audit-trail.csv", audit_rows(every_entry(wanted)))

"""The audit trail, read and exported; nothing here can change it."""

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from dashboard.accounts.people import person_by_id
from dashboard.accounts.permissions import permission
from dashboard.audit.listing import KINDS, AuditFilter, entries, every_entry, line_by_id
from dashboard.audit.write import write_entry
from dashboard.clock import utc_now
from dashboard.errors import Invalid
from dashboard.forms.audit import AuditFilterForm
from dashboard.views.access import current_actor, reader
from dashboard.views.audit_facts import facts_of
from dashboard.views.audit_links import objects_of
from dashboard.views.exports import audit_object, audit_rows, csv_answer, json_lines_answer
from dashboard.views.listing import Narrowed, days_in_words, log_kind

bp = Blueprint("audit_entries", __name__)
ENTRIES = log_kind(
    "audit_entries.index", "entry", "entries",
    "kind", "organization", "action", "actor", "first", "last",
)  # fmt: skip
TABS = ((None, "All"), *((one, one.capitalize()) for one in KINDS))


@bp.get("/audit-entries")
@permission("audit.view")
def index() -> ResponseReturnValue:
    """List who did what, newest first."""
    form, asked = AuditFilterForm(request.args), ENTRIES.asked()
    wanted = form.wanted()
    listed = entries(wanted, asked)
    found = ENTRIES.listing(listed, asked.sort, narrowed_by(wanted))
    return render_template(
        "audit_entries/index.html",
        form=form,
        found=found,
        objects=objects_of(listed.rows),
        tabs=TABS,
        exports={
            "CSV": found.address_of("audit_entries.export"),
            "JSON lines": found.address_of("audit_entries.export_lines"),
        },
    )


@bp.get("/audit-entries/<int:entry_id>")
@permission("audit.view")
def show(entry_id: int) -> ResponseReturnValue:
    """Show one entry: what it is about, and what was before and after."""
    line = line_by_id(entry_id)
    return render_template(
        "audit_entries/show.html",
        line=line,
        object=objects_of([line])[line.id],
        facts=facts_of(line),
    )


def narrowed_by(wanted: AuditFilter) -> list[Narrowed]:
    """Return in words what a filter keeps."""
    told = (
        (("kind",), wanted.kind if wanted.kind in KINDS else None),
        (("organization",), wanted.slug),
        (("action",), wanted.action),
        (("actor",), f"“{wanted.actor}”" if wanted.actor else None),
        (("first", "last"), days_in_words(wanted.first, wanted.last)),
    )
    return [Narrowed(names, words) for names, words in told if words]


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
    write_entry("audit.exported", who, current_actor(), facts, now=utc_now())
    return wanted

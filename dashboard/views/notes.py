"""What support writes down about an organization; customers never see it."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.clock import utc_now
from dashboard.forms.note import NoteForm
from dashboard.organizations.lookup import organization_by_slug
from dashboard.organizations.notes import add_note, note_of, pin, unpin
from dashboard.views.access import current_actor

bp = Blueprint("notes", __name__, url_prefix="/organizations/<slug>/notes")


@bp.get("/new")
@permission("note.write")
def new(slug: str) -> ResponseReturnValue:
    """Show the form for a note."""
    organization = organization_by_slug(slug)
    return render_template("notes/new.html", organization=organization, form=NoteForm())


@bp.post("")
@permission("note.write")
def create(slug: str) -> ResponseReturnValue:
    """Add a note."""
    organization, form = organization_by_slug(slug), NoteForm()
    if not form.validate_on_submit():
        return render_template("notes/new.html", organization=organization, form=form), 422
    text = form.text.data.strip()
    add_note(organization, text, key=form.key.data, actor=current_actor(), now=utc_now())
    flash("The note is added. Customers do not see it.")
    return redirect(url_for("timeline.show", slug=slug), code=303)


@bp.post("/<int:note_id>/pins")
@permission("note.write")
def pin_it(slug: str, note_id: int) -> ResponseReturnValue:
    """Show the note above everything else."""
    pin(note_of(organization_by_slug(slug), note_id), actor=current_actor(), now=utc_now())
    return redirect(url_for("timeline.show", slug=slug), code=303)


@bp.post("/<int:note_id>/pins/delete")
@permission("note.write")
def unpin_it(slug: str, note_id: int) -> ResponseReturnValue:
    """Let the note go back among the others."""
    unpin(note_of(organization_by_slug(slug), note_id), actor=current_actor(), now=utc_now())
    return redirect(url_for("timeline.show", slug=slug), code=303)

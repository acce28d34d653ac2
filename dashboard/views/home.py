"""The first page: where a reader's work is."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.organizations.lookup import organizations_of
from dashboard.views.access import reader

bp = Blueprint("home", __name__)


@bp.get("/")
@permission("session.use")
def show() -> ResponseReturnValue:
    """Send staff to the organizations and a customer to their own, or let them choose."""
    who = reader()
    if who.is_staff:
        return redirect(url_for("organizations.index"), code=303)
    if len(who.slugs) == 1:
        return redirect(url_for("organizations.show", slug=next(iter(who.slugs))), code=303)
    return render_template("home/show.html", organizations=organizations_of(who.slugs))

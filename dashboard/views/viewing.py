"""View as the customer: the pages of one organization as its member sees them, read only."""

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.accounts.viewing import begin_view, end_view
from dashboard.clock import utc_now
from dashboard.organizations.lookup import organization_by_slug
from dashboard.views.access import reader

bp = Blueprint("viewing", __name__)


@bp.post("/organizations/<slug>/views")
@permission("customer.view_as")
def create(slug: str) -> ResponseReturnValue:
    """Show the organization's pages as its customer sees them from now on."""
    who, organization = reader(), organization_by_slug(slug)
    begin_view(who.session_id, organization, slug, actor=who.actor, now=utc_now())
    return redirect(url_for("organizations.show", slug=slug), code=303)


@bp.post("/views/delete")
@permission("session.use")
def delete() -> ResponseReturnValue:
    """Leave the view; who is in none stays where they are."""
    who = reader()
    if who.viewing is None:
        return redirect(url_for("home.show"), code=303)
    organization = organization_by_slug(who.viewing)
    end_view(who.session_id, organization, actor=who.actor, now=utc_now())
    flash("You see your own pages again.")
    return redirect(url_for("organizations.show", slug=who.viewing), code=303)

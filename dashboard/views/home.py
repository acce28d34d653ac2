"""The first page: where a reader's work is."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.billing.fold import count_of_all
from dashboard.clock import utc_now
from dashboard.reading.home import home_of
from dashboard.views.access import reader

bp = Blueprint("home", __name__)


@bp.get("/")
@permission("session.use")
def show() -> ResponseReturnValue:
    """Send staff to what needs a person, a customer of one to its bill, and show others all."""
    who = reader()
    if who.is_staff:
        return redirect(url_for("needs.index"), code=303)
    if len(who.slugs) == 1:
        return redirect(url_for("organizations.show", slug=next(iter(who.slugs))), code=303)
    now = utc_now()
    home = home_of(who.slugs, now=now)
    if home.waiting:
        count_of_all(home.waiting, now=now)
        home = home_of(who.slugs, now=now)
    return render_template("home/show.html", home=home)

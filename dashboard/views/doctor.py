"""What is the matter with this installation, for whoever may mend it: `flask doctor` as a page."""

from flask import Blueprint, Flask, current_app, render_template
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.doctor.examine import examine_here, examine_stripe
from dashboard.doctor.finding import is_well
from dashboard.views.hypermedia import is_htmx

bp = Blueprint("doctor", __name__, url_prefix="/doctor")


@bp.get("")
@permission("doctor.view")
def show() -> ResponseReturnValue:
    """Show what is found here; the page asks for what Stripe says once it is there."""
    areas = examine_here(_app())
    return render_template("doctor/show.html", areas=areas, stripe=None, well=is_well(areas))


@bp.get("/stripe")
@permission("doctor.view")
def stripe() -> ResponseReturnValue:
    """Show what Stripe says of us: a part for the page, or the whole page without scripts."""
    area = examine_stripe(_app())
    if is_htmx():
        return render_template("doctor/_area.html", area=area)
    areas = [*examine_here(_app()), area]
    return render_template("doctor/show.html", areas=areas, stripe=area, well=is_well(areas))


def _app() -> Flask:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # the proxy's own
    return app

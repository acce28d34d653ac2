"""How support's list of organizations is sorted and narrowed, and how many need attention."""

from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.paging import BY_NAME, Sort, Stretch
from dashboard.reading.organizations import Wanted, count_attention, wanted_by
from dashboard.views.listing import NAMES, Listing, ListKind, Narrowed, Order

bp = Blueprint("organization_list", __name__, url_prefix="/organization-counts")
ENDS = {"ends": Order("cycle ending first", "cycle ending last")}
ORGANIZATIONS = ListKind(
    "organizations.index", "organization", "organizations", NAMES | ENDS, BY_NAME,
    ("q", "attention"),
)  # fmt: skip
TROUBLES = {
    "parked": "On hold",
    "differs": "Differs from Stripe",
    "held": "On hold by a line at Stripe",
    "failed": "Sync failing",
    "payment": "Payment declined",
    "void": "Void, undecided",
}
TABS = ((None, "All"), *TROUBLES.items())


@bp.get("")
@permission("organization.list")
def counts() -> ResponseReturnValue:
    """Show how many organizations need attention for what, beside the list that asks for it."""
    wanted = wanted_organizations()
    nothing: Stretch[Any] = Stretch((), None, None, None)
    page = listing(nothing, ORGANIZATIONS.asked().sort, wanted)
    told = {"page": page, "troubles": TABS, "counts": count_attention()}
    return render_template("organizations/_attention.html", **told)


def wanted_organizations() -> Wanted:
    """Return which organizations this request asks for."""
    return wanted_by(request.args.get("q", ""), request.args.get("attention"))


def listing(found: Stretch[Any], sort: Sort, wanted: Wanted) -> Listing:
    """Return the list with these rows, as this request asks for it."""
    return ORGANIZATIONS.listing(found, sort, narrowed_to(wanted))


def narrowed_to(wanted: Wanted) -> list[Narrowed]:
    """Return in words which organizations are wanted."""
    narrowed = [Narrowed(("q",), f"“{wanted.text}”")] if wanted.text else []
    if wanted.attention:
        narrowed.append(Narrowed(("attention",), TROUBLES[wanted.attention]))
    return narrowed

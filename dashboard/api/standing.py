"""Service standing: whether a sub-system goes on serving an organization."""

from flask import Blueprint, Response

from dashboard.accounts.permissions import permission
from dashboard.api import caller
from dashboard.api.operation import Operation, answer, operation
from dashboard.api.schemas.standing import StandingOut
from dashboard.clock import utc_now
from dashboard.reading.standing import standing_now

bp = Blueprint("standing", __name__, url_prefix="/organizations/<slug>/standing")


@bp.get("")
@permission("api.standing.read")
@operation(Operation("Read whether an organization is to be served", {200: StandingOut}))
def show(slug: str) -> Response:
    """Read an organization's service standing as it is now."""
    organization = caller.organization(slug)
    return answer(StandingOut.of(standing_now(organization, now=utc_now())))

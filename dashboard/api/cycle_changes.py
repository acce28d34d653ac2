"""Changes of an organization's cycle: its length, its calendar, and from when it counts."""

from flask import Blueprint, Response

from dashboard.accounts.permissions import permission
from dashboard.api import caller
from dashboard.api.operation import Operation, answer, operation, read_body, read_query
from dashboard.api.schemas.cycles import CycleChangeOut, CycleIn, CyclePreviewOut, CycleQuery
from dashboard.clock import utc_now
from dashboard.organizations.cycle import change_cycle
from dashboard.organizations.cycle_preview import preview_cycle

bp = Blueprint("cycle_changes", __name__, url_prefix="/organizations/<slug>/cycle-changes")


@bp.get("/preview")
@permission("api.organizations.read")
@operation(
    Operation(
        "Read what another cycle would do to periods and fees",
        {200: CyclePreviewOut},
        query=CycleQuery,
    )
)
def preview(slug: str) -> Response:
    """Read what a change of the cycle would do; changes nothing."""
    wanted = read_query(CycleQuery)
    found = preview_cycle(caller.counted_organization(slug), wanted.wanted(), now=utc_now())
    return answer(CyclePreviewOut.told(found))


@bp.post("")
@permission("api.organizations.write")
@operation(
    Operation(
        "Count an organization's cycles in another way; the same again changes nothing",
        {201: CycleChangeOut, 200: CycleChangeOut},
        body=CycleIn,
    )
)
def create(slug: str) -> Response:
    """Change the cycle from the end of the current one on, or from the first new boundary."""
    wanted = read_body(CycleIn)
    plan = change_cycle(
        caller.organization(slug),
        wanted.wanted(),
        reason=wanted.reason,
        actor=caller.actor(),
        now=utc_now(),
        seen=wanted.seen,
    )
    return answer(CycleChangeOut.of(plan), 201 if plan.is_new else 200)

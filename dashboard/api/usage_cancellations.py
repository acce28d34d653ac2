"""Usage that its sender takes back, looked at and done."""

from flask import Blueprint, Response

from dashboard.accounts.permissions import permission
from dashboard.api import caller
from dashboard.api.operation import Operation, answer, checked, operation, raw_body
from dashboard.api.schemas.services import PastPreviewOut
from dashboard.api.schemas.usage import CancellationIn, CancellationOut, UsageKeysIn
from dashboard.bounds import LIST
from dashboard.clock import utc_now
from dashboard.services.past_preview import preview_cancellation
from dashboard.usage.cancel import cancel_usage

bp = Blueprint("usage_cancellations", __name__, url_prefix="/organizations/<slug>")


@bp.post("/usage-cancellations")
@permission("api.usage.write")
@operation(
    Operation(
        "Cancel usage records by their keys, all or none; the same again changes nothing",
        {200: CancellationOut},
        body=CancellationIn,
    )
)
def create(slug: str) -> Response:
    """Take records off the bill that were sent in error."""
    wanted = checked(CancellationIn, raw_body(LIST))
    done = cancel_usage(
        caller.organization(slug),
        wanted.keys,
        reason=wanted.reason,
        now=utc_now(),
        actor=caller.actor(),
    )
    return answer(CancellationOut.of(done))


@bp.post("/usage-cancellations/preview")
@permission("api.invoices.read")
@operation(
    Operation(
        "Read what canceling usage records would change of the bills",
        {200: PastPreviewOut},
        body=UsageKeysIn,
    )
)
def preview(slug: str) -> Response:
    """Read which issued bills they are on, and how the next one changes; changes nothing."""
    wanted = checked(UsageKeysIn, raw_body(LIST))
    organization = caller.counted_organization(slug)
    return answer(PastPreviewOut.of(preview_cancellation(organization, wanted.keys, now=utc_now())))

"""The close of all: how far it is, and what it waits for."""

from flask import Blueprint, Response

from dashboard.accounts.permissions import permission
from dashboard.api.operation import Operation, answer, operation
from dashboard.api.schemas.closings import CloseOut
from dashboard.clock import utc_now
from dashboard.closing.progress import progress
from dashboard.reading.close_progress import close_counts
from jobs.closing_means import means

bp = Blueprint("closings", __name__, url_prefix="/close")


@bp.get("")
@permission("api.closings.read")
@operation(Operation("Read how far the close of all bills is", {200: CloseOut}))
def show() -> Response:
    """Read how many bills are issued, how long it goes on, and what it waits for."""
    now = utc_now()
    has = means(now=now)
    return answer(CloseOut.of(progress(close_counts(now=now), has, now=now), has))

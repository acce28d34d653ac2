"""Usage: batches of records."""

from collections.abc import Sequence

from flask import Blueprint, Response

from dashboard.accounts.permissions import permission
from dashboard.api import caller
from dashboard.api.operation import Operation, answer, checked, operation, raw_body
from dashboard.api.schemas.usage import UsageBatchIn, UsageBatchOut
from dashboard.api.usual_usage import read_usual
from dashboard.bounds import BATCH
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.usage.entry import BatchRefused, UsageEntry
from dashboard.usage.record import record_batch, unknown_organization

bp = Blueprint("usage", __name__, url_prefix="/usage")


@bp.post("")
@permission("api.usage.write")
@operation(
    Operation("Record usage: the whole batch or nothing", {200: UsageBatchOut}, body=UsageBatchIn)
)
def create() -> Response:
    """Count a batch of usage."""
    raw = raw_body(BATCH)
    entries = read_usual(raw) or checked(UsageBatchIn, raw).entries()
    _check_own(entries)
    result = record_batch(entries, now=utc_now())
    return answer(UsageBatchOut(recorded=result.recorded, duplicates=result.duplicates))


def _check_own(entries: Sequence[UsageEntry]) -> None:
    """Refuse other organizations to a token of one, in the words for those that do not exist."""
    own = caller.token().organization_id
    if own is None:
        return
    slug = db.session.get_one(Organization, own).slug
    problems = [
        unknown_organization(index, entry)
        for index, entry in enumerate(entries)
        if entry.organization != slug
    ]
    if problems:
        raise BatchRefused(problems)

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
from dashboard.usage.record import record_batch, unknown_organization
from dashboard.usage.reported import BatchRefused, ReportedRecord

bp = Blueprint("usage", __name__, url_prefix="/usage")


@bp.post("")
@permission("api.usage.write")
@operation(
    Operation("Record usage: the whole batch or nothing", {200: UsageBatchOut}, body=UsageBatchIn)
)
def create() -> Response:
    """Count a batch of usage."""
    raw = raw_body(BATCH)
    records = read_usual(raw) or checked(UsageBatchIn, raw).reported()
    _check_own(records)
    result = record_batch(records, now=utc_now())
    return answer(UsageBatchOut(recorded=result.recorded, duplicates=result.duplicates))


def _check_own(records: Sequence[ReportedRecord]) -> None:
    """Refuse other organizations to a token of one, in the words for those that do not exist."""
    own = caller.token().organization_id
    if own is None:
        return
    slug = db.session.get_one(Organization, own).slug
    problems = [
        unknown_organization(index, record)
        for index, record in enumerate(records)
        if record.organization != slug
    ]
    if problems:
        raise BatchRefused(problems)

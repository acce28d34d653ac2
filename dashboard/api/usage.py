"""Usage: batches of records."""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from flask import Blueprint, Response
from sqlalchemy.exc import SQLAlchemyError

from dashboard.accounts.permissions import permission
from dashboard.api import caller
from dashboard.api.operation import Operation, answer, checked, operation, raw_body
from dashboard.api.schemas.usage import (
    UsageBatchIn,
    UsageBatchOut,
    UsageRepeatOut,
    UsageRepeatsOut,
)
from dashboard.api.usual_usage import read_usual
from dashboard.bounds import BATCH
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.restores.repeats import restores_to_repeat
from dashboard.transaction import commit, rollback
from dashboard.usage.record import record_batch, unknown_organization
from dashboard.usage.refusals import fresh_refusals, tell_refused
from dashboard.usage.reported import BatchRefused, ReportedRecord

log = structlog.get_logger("dashboard.api")
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
    try:
        _check_own(records)
        result = record_batch(records, now=utc_now())
    except BatchRefused as why:
        _tell_refused(why.facts["errors"])
        raise
    return answer(UsageBatchOut(recorded=result.recorded, duplicates=result.duplicates))


@bp.get("/repeats")
@permission("api.usage.write")
@operation(Operation("Read from when usage is to be sent again", {200: UsageRepeatsOut}))
def repeats() -> Response:
    """Read whether the ledger was put back to an earlier moment, and to which."""
    found = [UsageRepeatOut.of(one) for one in restores_to_repeat()]
    return answer(UsageRepeatsOut(repeats=found))


def _tell_refused(problems: Sequence[Mapping[str, Any]]) -> None:
    """Tell other systems; what is refused is undone first, and what is told is kept."""
    sender, now = caller.token(), utc_now()
    token_id, name = sender.id, sender.name
    fresh = fresh_refusals(token_id, problems, now=now)
    if not fresh:
        return
    rollback()
    try:
        tell_refused(token_id, name, fresh, problems, now=now)
        commit()
    except SQLAlchemyError:  # what the sender is told matters more
        log.exception("refusal_not_told")
        rollback()


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

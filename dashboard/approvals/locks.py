"""Which proposals are locked: before all that they touch, so nobody who holds a bill waits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, select

from dashboard.approvals.models import Proposal
from dashboard.extensions import db

AS_NOW = {"populate_existing": True}


def lock_proposal(proposal_id: int) -> Proposal:
    """Lock a proposal and return it as it is now."""
    query = select(Proposal).where(Proposal.id == proposal_id)
    return db.session.scalars(query.with_for_update(key_share=True), execution_options=AS_NOW).one()


def lock_late(*, now: datetime, organization_id: int | None = None) -> Sequence[Proposal]:
    """Lock the proposals that nobody decided on in time; those that somebody holds are left out."""
    query = select(Proposal).where(Proposal.state == "waits", Proposal.ends_at <= now)
    if organization_id is not None:
        query = query.where(Proposal.organization_id == organization_id)
    return _lock_free(query)


def lock_moot(moot: ColumnElement[bool]) -> Sequence[Proposal]:
    """Lock the waiting proposals of which that holds; those that somebody holds are left out."""
    return _lock_free(select(Proposal).where(Proposal.state == "waits", moot))


def _lock_free(query: Select[Proposal]) -> Sequence[Proposal]:
    free = query.order_by(Proposal.id).with_for_update(skip_locked=True, key_share=True)
    return db.session.scalars(free, execution_options=AS_NOW).all()

"""Proposals as pages read them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from dashboard.approvals.models import Proposal
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.paging import Slice, slice_of

SIZE = 50


def proposals_of(organization: Organization, *, before: int | None = None) -> Slice[Proposal]:
    """Return the organization's proposals, the newest first, below id `before`."""
    query = select(Proposal).where(Proposal.organization_id == organization.id)
    if before is not None:
        query = query.where(Proposal.id < before)
    rows = db.session.scalars(query.order_by(Proposal.id.desc()).limit(SIZE + 1)).all()
    return slice_of(rows, SIZE)


def waiting_proposals(organization_id: int) -> Sequence[Proposal]:
    """Return those of an organization that wait for a second person, the oldest first."""
    query = select(Proposal).where(
        Proposal.organization_id == organization_id, Proposal.state == "waits"
    )
    return db.session.scalars(query.order_by(Proposal.id)).all()

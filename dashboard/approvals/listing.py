"""Proposals as pages read them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from dashboard.approvals.models import Proposal
from dashboard.extensions import db
from dashboard.keyset import read_log
from dashboard.organizations.models import Organization
from dashboard.paging import NEWEST_FIRST, Asked, Stretch

SIZE = 50


def proposals_of(organization: Organization, asked: Asked = NEWEST_FIRST) -> Stretch[Proposal]:
    """Return some of the organization's proposals."""
    query = select(Proposal).where(Proposal.organization_id == organization.id)
    return read_log(query, Proposal.id, asked, size=SIZE)


def waiting_proposals(organization_id: int) -> Sequence[Proposal]:
    """Return those of an organization that wait for a second person, the oldest first."""
    query = select(Proposal).where(
        Proposal.organization_id == organization_id, Proposal.state == "waits"
    )
    return db.session.scalars(query.order_by(Proposal.id)).all()

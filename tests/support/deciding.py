"""Two people of whom one proposes and the other decides, for the tests of each kind."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask_sqlalchemy import SQLAlchemy

from dashboard.approvals.decide import approve, basis_of, name_of
from dashboard.approvals.models import Proposal
from dashboard.approvals.propose import Wanted, propose
from dashboard.audit.actor import Actor
from dashboard.organizations.models import Organization
from dashboard.sync.models import SyncRun
from dashboard.transaction import transaction
from tests.support.proposals import person
from tests.support.void_cases import LATER

DAY = timedelta(days=1)


@pytest.fixture
def people(db: SQLAlchemy) -> tuple[Actor, Actor]:
    """Who proposes, and who decides."""
    return person("sam@example.com"), person("ada@example.com")


def decided(
    of: Organization, proposal: Proposal, by: Actor, *, seen: str | None = None
) -> SyncRun | None:
    """Approve what is shown now, unless something else was seen."""
    with transaction():
        shown = seen or name_of(basis_of(proposal, of))
        return approve(proposal, of, seen=shown, actor=by, now=LATER)


def proposed(of: Organization, what: Wanted, by: Actor) -> Proposal:
    """Return a committed proposal."""
    with transaction():
        return propose(of, what, actor=by, now=LATER, ends_after=DAY)

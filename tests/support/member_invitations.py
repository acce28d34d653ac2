"""Invitations of members, and what their links open."""

from datetime import UTC, datetime

from dashboard.accounts.invitations import (
    InvitationEnded,
    invitation_of,
    invitation_token,
)
from dashboard.accounts.members import (
    invite_member,
)
from dashboard.accounts.models import Invitation
from dashboard.audit.actor import SYSTEM, Actor
from dashboard.organizations.models import Organization

NOW = datetime(2026, 3, 1, tzinfo=UTC)
KEYS = ["a key of the tests"]
PASSWORD = "several words to keep"


def invited(
    organization: Organization, email: str = "new@example.com", role: str = "reader", **how: Actor
) -> Invitation:
    """Return an invitation to an organization."""
    actor = how.get("actor", SYSTEM)
    return invite_member(organization.id, email, role, actor=actor, now=NOW)


def opened(invitation: Invitation) -> Invitation:
    """Return what its link opens; raises `InvitationEnded`."""
    return invitation_of(invitation_token(invitation, KEYS), KEYS, now=NOW)


def is_open(invitation: Invitation) -> bool:
    """Whether its link opens anything."""
    try:
        return opened(invitation) is invitation
    except InvitationEnded:
        return False

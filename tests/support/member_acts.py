"""What people do to the members of an organization."""

from dashboard.accounts.models import Membership
from dashboard.accounts.sign_in import actor_of
from dashboard.audit.actor import Actor
from dashboard.organizations.models import Organization
from tests.factories import MembershipFactory, UserFactory


def member(organization: Organization, role: str = "owner", **facts: object) -> Membership:
    """Return a stored member."""
    one: Membership = MembershipFactory(
        user=UserFactory(**facts), organization_id=organization.id, role=role
    )
    return one


def by(one: Membership) -> Actor:
    """Return a member as the author of a change."""
    return actor_of(one.user)

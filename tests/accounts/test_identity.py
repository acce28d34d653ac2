"""Who a session belongs to."""

import pytest
from flask_sqlalchemy import SQLAlchemy

from dashboard.accounts.identity import Identity, identity_of
from dashboard.accounts.permissions import PERMISSIONS, UnknownPermission, permission
from dashboard.accounts.sign_in import end_all_sessions
from dashboard.audit.actor import SYSTEM
from dashboard.clock import utc_now
from tests.factories import MembershipFactory, UserFactory, make_organization
from tests.support.queries import count_queries


def test_a_session_is_read_with_its_memberships_in_one_query(db: SQLAlchemy) -> None:
    user = UserFactory()
    for slug in ("acme", "other"):
        MembershipFactory(user=user, organization_id=make_organization(slug).id)
    with count_queries(db.engine) as queries:
        identity = identity_of(user.get_id())
    assert queries.count == 1
    assert identity.slugs == {"acme", "other"}
    assert identity.get_id() == user.get_id()


def test_revoked_inactive_and_unknown_users_have_no_identity(db: SQLAlchemy) -> None:
    revoked, inactive = UserFactory(), UserFactory(is_active=False)
    key = revoked.get_id()
    end_all_sessions(revoked, actor=SYSTEM, now=utc_now())
    db.session.flush()
    for session_key in (key, inactive.get_id(), "999.1", "", "1", "x.1", "1.1 or 1=1"):
        assert identity_of(session_key) is None, session_key


def a(role: str, *slugs: str) -> Identity:
    """Return somebody of this role."""
    return Identity(1, "a@example.com", "A", role, 1, frozenset(slugs))


def test_customers_hold_scoped_permissions_only_where_they_belong() -> None:
    view = PERMISSIONS["organization.view"]
    assert a("customer", "acme").holds(view, "acme")
    assert not a("customer", "acme").holds(view, "other")
    assert not a("customer", "acme").holds(view)
    assert a("support").holds(view, "other")


def test_only_admins_manage_tokens() -> None:
    manage = PERMISSIONS["token.manage"]
    holders = [role for role in ("customer", "support", "admin") if a(role).holds(manage)]
    assert holders == ["admin"]


def test_a_session_holds_no_api_permission() -> None:
    scoped = [one for one in PERMISSIONS.values() if one.scope]
    assert scoped
    assert not any(a("admin", "acme").holds(one, "acme") for one in scoped)


def test_a_permission_nobody_listed_can_not_be_named() -> None:
    with pytest.raises(UnknownPermission):
        permission("organization.destroy")

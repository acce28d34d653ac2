"""Who a session belongs to."""

import pytest
from flask_sqlalchemy import SQLAlchemy

from dashboard.accounts.identity import Identity, identity_of
from dashboard.accounts.permissions import PERMISSIONS, UnknownPermission, permission
from dashboard.accounts.sessions import end_sessions
from dashboard.audit.actor import SYSTEM
from tests.factories import NOW, MembershipFactory, UserFactory, make_organization
from tests.support.queries import count_queries
from tests.support.sessions import LIFE, key_of


def test_a_session_is_read_with_its_memberships_in_one_query(db: SQLAlchemy) -> None:
    user = UserFactory()
    for slug in ("acme", "other"):
        MembershipFactory(user=user, organization_id=make_organization(slug).id)
    key = key_of(user, now=NOW)
    with count_queries(db.engine) as queries:
        identity = identity_of(key)
    assert queries.count == 1
    assert identity.slugs == {"acme", "other"}
    assert (identity.id, identity.seen_at, identity.proved_at) == (user.id, NOW, NOW)


def test_an_ended_session_and_an_inactive_user_have_no_identity(db: SQLAlchemy) -> None:
    ended, inactive = UserFactory(), UserFactory(is_active=False)
    keys = [key_of(ended), key_of(inactive), LIFE.key("made up", now=NOW), LIFE.key("", now=NOW)]
    end_sessions(ended, actor=SYSTEM, now=NOW)
    assert [identity_of(key) for key in keys] == [None] * 4


def a(role: str, *slugs: str) -> Identity:
    """Return somebody of this role."""
    return Identity(1, "a@example.com", "A", role, dict.fromkeys(slugs, "owner"), 1, NOW, NOW)


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

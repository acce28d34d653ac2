"""What an owner sent ends with their being one, and a removed member has no way back."""

from collections.abc import Callable

import pytest
from flask_sqlalchemy import SQLAlchemy

from dashboard.accounts.members import (
    change_member,
    leave_organization,
    remove_member,
)
from dashboard.accounts.models import Membership
from dashboard.accounts.people import change_role, deactivate, join, leave
from dashboard.accounts.sign_in import actor_of
from dashboard.audit.actor import SYSTEM
from dashboard.organizations.models import Organization
from tests.factories import MembershipFactory, UserFactory, make_organization
from tests.support.member_acts import by, member
from tests.support.member_invitations import NOW, invited, is_open


def removed(one: Membership) -> None:
    """Remove them."""
    remove_member(one.organization_id, one.id, actor=SYSTEM, now=NOW)


def lowered(one: Membership) -> None:
    """Let them be an owner no more."""
    change_member(one.organization_id, one.id, "billing", actor=SYSTEM, now=NOW)


def gone(one: Membership) -> None:
    """Let them leave."""
    leave_organization(one.organization_id, actor=by(one), now=NOW)


def shut_out(one: Membership) -> None:
    """Deactivate them."""
    deactivate(one.user, actor=SYSTEM, now=NOW)


def taken_by_an_admin(one: Membership) -> None:
    """Take the organization from them on the page of people."""
    leave(one.user, one.id, actor=SYSTEM, now=NOW)


def lowered_by_an_admin(one: Membership) -> None:
    """Let them look only, on the page of people."""
    join(one.user, one.organization_id, actor=SYSTEM, now=NOW, role="reader")


@pytest.mark.parametrize(
    "end", [removed, lowered, gone, shut_out, taken_by_an_admin, lowered_by_an_admin]
)
def test_what_an_owner_sent_ends_with_their_being_one(
    db: SQLAlchemy, acme: Organization, end: Callable[[Membership], None]
) -> None:
    owner, colleague, other = member(acme), member(acme), make_organization("other")
    MembershipFactory(user=owner.user, organization_id=other.id)
    theirs = invited(acme, actor=by(owner))
    elsewhere = invited(other, actor=by(owner))
    kept = invited(acme, "else@example.com", actor=by(colleague))
    db.session.flush()
    end(owner)
    db.session.flush()
    assert not is_open(theirs)
    assert is_open(kept)
    assert is_open(elsewhere) is (end is not shut_out), "of that one they are an owner still"


@pytest.mark.parametrize("role", ["support", "admin"])
def test_what_our_people_sent_ends_with_their_being_ours(
    db: SQLAlchemy, acme: Organization, role: str
) -> None:
    UserFactory(role="admin")
    one = UserFactory(role=role)
    db.session.flush()
    made = invited(acme, actor=actor_of(one))
    if role == "support":
        change_role(one, "admin", actor=SYSTEM, now=NOW)
        assert is_open(made)
    change_role(one, "customer", actor=SYSTEM, now=NOW)
    assert not is_open(made)


def test_who_is_removed_does_not_come_back_by_an_older_link(
    db: SQLAlchemy, acme: Organization
) -> None:
    member(acme)
    made = invited(acme, "ada@example.com")
    one = member(acme, "reader", email="ada@example.com")
    removed(one)
    db.session.flush()
    assert not is_open(made)

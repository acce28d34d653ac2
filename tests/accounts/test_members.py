"""Owners of an organization manage its members, and one of them always stays."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from dashboard.accounts.identity import identity_of
from dashboard.accounts.members import change_member, leave_organization, remove_member
from dashboard.accounts.memberships import membership_of
from dashboard.accounts.models import MEMBER_ROLES, Membership
from dashboard.accounts.people import join, leave
from dashboard.accounts.permissions import PERMISSIONS
from dashboard.accounts.sign_in import actor_of
from dashboard.accounts.tokens import create_token, verify
from dashboard.audit.actor import SYSTEM, Actor
from dashboard.audit.models import AuditEntry
from dashboard.errors import Conflict, Invalid, NotFound
from dashboard.organizations.models import Organization
from tests.factories import MembershipFactory, UserFactory, make_organization
from tests.support.member_acts import by, member
from tests.support.sessions import key_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)
End = Callable[[Membership, Actor], object]


def remove(one: Membership, actor: Actor) -> object:
    """Remove a member."""
    return remove_member(one.organization_id, one.id, actor=actor, now=NOW)


def lower(one: Membership, actor: Actor) -> object:
    """Let a member be an owner no more."""
    return change_member(one.organization_id, one.id, "reader", actor=actor, now=NOW)


def go(one: Membership, _actor: Actor) -> object:
    """Let a member leave."""
    return leave_organization(one.organization_id, actor=by(one), now=NOW)


EVERY_END = pytest.mark.parametrize("end", [remove, lower, go])


def test_an_owner_changes_a_role_and_it_holds_at_once(db: SQLAlchemy, acme: Organization) -> None:
    owner, colleague = member(acme), member(acme, "reader")
    key = key_of(colleague.user, now=NOW)
    setting = PERMISSIONS["budget.set"]
    assert not identity_of(key).holds(setting, "acme")
    change_member(acme.id, colleague.id, "billing", actor=by(owner), now=NOW)
    db.session.flush()
    assert identity_of(key).holds(setting, "acme")
    assert not identity_of(key).holds(PERMISSIONS["members.manage"], "acme")
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (entry.action, entry.organization_id) == ("membership.changed", acme.id)
    assert entry.facts == {"email": colleague.user.email, "role": ["reader", "billing"]}


@EVERY_END
def test_the_last_owner_stays_one(acme: Organization, end: End) -> None:
    owner, _ = member(acme), member(acme, "billing")
    member(acme, is_active=False)
    member(make_organization("other"))
    with pytest.raises(Conflict, match=r"only owner .* Nothing was changed\. Make another member"):
        end(owner, by(owner))
    assert membership_of(owner.user_id, acme.id).role == "owner"
    another = member(acme)
    end(owner, by(another))
    left = membership_of(owner.user_id, acme.id)
    assert left is None or left.role == "reader"


def test_one_of_our_own_people_is_no_owner_that_members_can_turn_to(acme: Organization) -> None:
    owner, support = member(acme), UserFactory(role="support")
    MembershipFactory(user=support, organization_id=acme.id)
    with pytest.raises(Conflict, match="only owner"):
        remove(owner, SYSTEM)


def test_an_admin_may_leave_an_organization_without_an_owner(acme: Organization) -> None:
    owner = member(acme)
    join(owner.user, acme.id, actor=SYSTEM, now=NOW, role="reader")
    leave(owner.user, owner.id, actor=SYSTEM, now=NOW)
    assert membership_of(owner.user_id, acme.id) is None


@pytest.mark.parametrize("role", ["reader", "billing"])
def test_only_an_owner_changes_members(acme: Organization, role: str) -> None:
    member(acme)
    colleague, victim = member(acme, role), member(acme)
    for end in (remove, lower):
        with pytest.raises(Conflict, match="no longer an owner of this organization"):
            end(victim, by(colleague))
    assert membership_of(victim.user_id, acme.id).role == "owner"


def test_an_owner_of_another_organization_changes_nobody_here(acme: Organization) -> None:
    member(acme)
    victim, other = member(acme), make_organization("other")
    stranger = member(other)
    with pytest.raises(Conflict, match="no longer an owner"):
        remove(victim, by(stranger))
    for act in (
        lambda: remove_member(other.id, victim.id, actor=by(stranger), now=NOW),
        lambda: change_member(other.id, victim.id, "reader", actor=by(stranger), now=NOW),
        lambda: leave_organization(acme.id, actor=by(stranger), now=NOW),
    ):
        with pytest.raises(NotFound, match="Nothing was changed"):
            act()
    assert membership_of(victim.user_id, acme.id).role == "owner"


def test_support_manages_members_and_belongs_to_none(acme: Organization) -> None:
    member(acme)
    one, support = member(acme), UserFactory(role="support")
    remove(one, actor_of(support))
    with pytest.raises(NotFound, match="no longer a member"):
        leave_organization(acme.id, actor=actor_of(support), now=NOW)


@pytest.mark.parametrize("role", ["", "king", "OWNER", "admin", "owner ", "owner\x00"])
def test_a_role_that_is_none_changes_nothing(acme: Organization, role: str) -> None:
    owner, one = member(acme), member(acme, "reader")
    with pytest.raises(Invalid, match="a member is one of"):
        change_member(acme.id, one.id, role, actor=by(owner), now=NOW)
    assert one.role == "reader"


def test_the_same_role_again_is_not_put_on_record(db: SQLAlchemy, acme: Organization) -> None:
    owner = member(acme)
    before = len(db.session.scalars(select(AuditEntry)).all())
    change_member(acme.id, owner.id, "owner", actor=by(owner), now=NOW)
    assert len(db.session.scalars(select(AuditEntry)).all()) == before


def test_who_is_removed_keeps_their_other_organizations(db: SQLAlchemy, acme: Organization) -> None:
    owner, one = member(acme), member(acme, "billing")
    MembershipFactory(user=one.user, organization_id=make_organization("other").id)
    key = key_of(one.user, now=NOW)
    assert identity_of(key).slugs == {"acme", "other"}
    remove(one, by(owner))
    db.session.flush()
    assert identity_of(key).slugs == {"other"}
    with pytest.raises(NotFound, match="no longer a member"):
        remove(one, by(owner))


@pytest.mark.parametrize("end", [remove, go])
def test_api_tokens_for_that_organization_end_with_their_maker_s_membership(
    db: SQLAlchemy, acme: Organization, end: End
) -> None:
    owner, one = member(acme), member(acme, "billing")
    email = one.user.email
    secrets = [
        create_token(name, ["usage:write"], actor=made_by, now=NOW, organization_id=of)[1]
        for name, made_by, of in (
            ("theirs", by(one), acme.id),
            ("of another", by(one), make_organization("other").id),
            ("of all", by(one), None),
            ("of a colleague", by(owner), acme.id),
        )
    ]
    db.session.flush()
    end(one, by(owner))
    db.session.flush()
    assert [verify(secret, now=NOW) is None for secret in secrets] == [True, False, False, False]
    entry = db.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "membership.ended")
    ).one()
    assert entry.facts == {"email": email, "tokens": ["theirs"]}


def test_every_role_sees_and_the_table_says_what_else() -> None:
    held = {
        name: {role for role in MEMBER_ROLES if role in PERMISSIONS[name].members}
        for name in ("organization.view", "invoice.view", "budget.set", "portal.open")
    }
    assert held["organization.view"] == held["invoice.view"] == set(MEMBER_ROLES)
    assert held["budget.set"] == held["portal.open"] == {"owner", "billing"}
    assert PERMISSIONS["members.manage"].members == {"owner"}

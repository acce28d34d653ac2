"""Owners invite by mail, learn nothing of who has an account, and their invitations end with it."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from dashboard.accounts.acceptance import accept, hold_guest, join_by
from dashboard.accounts.invitations import (
    LIFE,
    InvitationEnded,
    invitation_for,
    invitation_of,
    invitation_token,
    invite,
    open_invitations,
)
from dashboard.accounts.members import (
    MOST_OPEN,
    change_member,
    invite_member,
    leave_organization,
    remove_member,
    renew_invitation,
    withdraw_invitation,
)
from dashboard.accounts.memberships import membership_of
from dashboard.accounts.models import Invitation, Membership, User
from dashboard.accounts.people import change_role, deactivate, join, leave
from dashboard.accounts.sign_in import actor_of
from dashboard.audit.actor import SYSTEM, Actor
from dashboard.audit.models import AuditEntry
from dashboard.errors import BillingError, Conflict, Invalid, NotFound
from dashboard.organizations.models import Organization
from tests.accounts.test_members import acme, by, member
from tests.factories import MembershipFactory, UserFactory, make_organization
from tests.support.queries import count_queries

NOW = datetime(2026, 3, 1, tzinfo=UTC)
KEYS = ["a key of the tests"]
PASSWORD = "several words to keep"
__all__ = ["acme"]


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


def test_who_is_nobody_yet_becomes_what_they_were_invited_as(acme: Organization) -> None:
    made = invited(acme, " New@Example.com ", "billing", actor=by(member(acme)))
    user = accept(opened(made), "Nia", PASSWORD, now=NOW)
    assert (user.email, user.role) == ("new@example.com", "customer")
    assert [(one.organization_id, one.role) for one in user.memberships] == [(acme.id, "billing")]


def test_who_can_sign_in_already_joins_with_what_they_have(
    db: SQLAlchemy, acme: Organization
) -> None:
    known = member(make_organization("other"))
    made = invited(acme, known.user.email, "billing")
    joined = join_by(opened(made), hold_guest(known.user_id), now=NOW)
    db.session.flush()
    assert (joined.user_id, joined.role) == (known.user_id, "billing")
    assert not is_open(made)
    actions = db.session.scalars(
        select(AuditEntry.action)
        .where(AuditEntry.organization_id == acme.id)
        .order_by(AuditEntry.id.desc())
    ).all()
    assert actions[:2] == ["invitation.accepted", "membership.created"]


def test_who_invites_cannot_tell_whether_an_address_has_an_account(
    db: SQLAlchemy, acme: Organization
) -> None:
    owner = member(acme)
    known = member(make_organization("other")).user.email
    staff = UserFactory(role="admin").email
    out = UserFactory(is_active=False).email
    db.session.flush()
    actor, told, cost = by(owner), [], []
    for email in (known, staff, out, "nobody@example.com"):
        with count_queries(db.engine) as queries:
            made = invited(acme, email, actor=actor)
            db.session.flush()
        told.append((made.role, made.member_role, made.expires_at, made.accepted_at))
        cost.append(queries.count)
    assert len(set(told)) == len(set(cost)) == 1


@pytest.mark.parametrize("typed", ["ada@example.com", "ADA@Example.com", " ada@\uff45xample.com "])
def test_a_member_is_not_invited_again_however_they_are_typed(
    acme: Organization, typed: str
) -> None:
    member(acme, email="ada@example.com")
    with pytest.raises(Conflict, match="already a member"):
        invited(acme, typed)


@pytest.mark.parametrize("email", ["", "nobody", "a@b", "a@example.com\r\nBcc: b@example.com"])
def test_an_address_that_is_none_invites_nobody(acme: Organization, email: str) -> None:
    with pytest.raises(Invalid) as refused:
        invited(acme, email)
    assert refused.value.facts["field"] == "email"
    with pytest.raises(Invalid, match="a member is one of"):
        invited(acme, role="admin")


def test_two_organizations_may_invite_one_address_and_neither_ends_the_other_s(
    db: SQLAlchemy, acme: Organization
) -> None:
    other = make_organization("other")
    ours = invite("new@example.com", "support", actor=SYSTEM, now=NOW)
    first, theirs = invited(acme), invited(other)
    again = invited(acme, role="billing")
    assert [is_open(one) for one in (ours, first, theirs, again)] == [True, False, True, True]
    db.session.flush()
    assert invitation_for("new@example.com", now=NOW) is ours
    assert list(open_invitations()) == [ours, again, theirs]
    user = accept(opened(again), "Nia", PASSWORD, now=NOW)
    join_by(opened(theirs), user, now=NOW)
    db.session.flush()
    assert {one.role for one in user.memberships} == {"billing", "reader"}


def test_one_that_ends_is_renewed_and_one_on_its_way_withdrawn(acme: Organization) -> None:
    old = invited(acme)
    later = NOW + LIFE * 2
    new = renew_invitation(acme.id, old.id, actor=SYSTEM, now=later)
    assert (new.email, new.member_role, new.expires_at) == (old.email, "reader", later + LIFE)
    for _ in range(2):
        assert withdraw_invitation(acme.id, new.id, actor=SYSTEM, now=later) is new
    assert not is_open(old)
    assert not is_open(new)
    with pytest.raises(NotFound, match="used or withdrawn"):
        renew_invitation(acme.id, new.id, actor=SYSTEM, now=later)


def test_what_was_accepted_is_not_withdrawn_any_more(acme: Organization) -> None:
    made = invited(acme)
    accept(opened(made), "Nia", PASSWORD, now=NOW)
    with pytest.raises(Conflict, match="Remove them as a member"):
        withdraw_invitation(acme.id, made.id, actor=SYSTEM, now=NOW)


def test_an_invitation_of_another_organization_is_out_of_reach(acme: Organization) -> None:
    other = make_organization("other")
    made = invited(other)
    ours = invite("us@example.com", "admin", actor=SYSTEM, now=NOW)
    for act in (renew_invitation, withdraw_invitation):
        for one in (made, ours):
            with pytest.raises(NotFound, match="Nothing was changed"):
                act(acme.id, one.id, actor=SYSTEM, now=NOW)
    assert is_open(made)
    assert is_open(ours)


def test_no_more_are_open_at_once_than_a_person_looks_through(acme: Organization) -> None:
    made = [invited(acme, f"new-{number}@example.com") for number in range(MOST_OPEN)]
    with pytest.raises(Conflict, match="100 invitations"):
        invited(acme)
    assert invited(acme, made[0].email, "billing"), "one in place of another is none more"
    withdraw_invitation(acme.id, made[1].id, actor=SYSTEM, now=NOW)
    assert invited(acme)


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


@pytest.mark.parametrize("role", ["reader", "billing", "customer of another"])
def test_only_owners_and_our_people_invite(acme: Organization, role: str) -> None:
    of = make_organization("other") if role == "customer of another" else acme
    one = member(of, "owner" if of is not acme else role)
    with pytest.raises(Conflict, match="no longer an owner"):
        invited(acme, actor=by(one))


def test_who_is_a_member_by_now_stays_what_they_are(db: SQLAlchemy, acme: Organization) -> None:
    made = invited(acme, "ada@example.com", "reader")
    owner = member(acme, email="ada@example.com")
    assert join_by(opened(made), hold_guest(owner.user_id), now=NOW).role == "owner"
    assert not is_open(made)


def somebody_else() -> User:
    """Return a customer with another address."""
    return UserFactory()


def one_of_ours() -> User:
    """Return one of our own people, whose address it is."""
    return UserFactory(email="new@example.com", role="support")


@pytest.mark.parametrize(
    ("make", "words"), [(somebody_else, "signed in as"), (one_of_ours, "every organization")]
)
def test_a_link_is_of_no_use_to_others(
    db: SQLAlchemy, acme: Organization, make: Callable[[], User], words: str
) -> None:
    made, user = invited(acme), make()
    db.session.flush()
    with pytest.raises(Conflict, match=words):
        join_by(opened(made), hold_guest(user.id), now=NOW)
    assert membership_of(user.id, acme.id) is None
    assert is_open(made)


def test_an_invitation_of_our_own_people_makes_nobody_a_member(db: SQLAlchemy) -> None:
    made = invite("new@example.com", "admin", actor=SYSTEM, now=NOW)
    user = UserFactory(email="new@example.com")
    db.session.flush()
    with pytest.raises(Conflict, match="can already sign in"):
        join_by(opened(made), hold_guest(user.id), now=NOW)
    assert user.role == "customer"


def test_who_was_shut_out_meanwhile_joins_nothing(db: SQLAlchemy) -> None:
    user = UserFactory(is_active=False)
    db.session.flush()
    with pytest.raises(BillingError, match="deactivated"):
        hold_guest(user.id)

"""Owners invite by mail, learn nothing of who has an account, and their invitations end with it."""

from collections.abc import Callable

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from dashboard.accounts.acceptance import accept, hold_guest, join_by
from dashboard.accounts.invitations import (
    LIFE,
    invitation_for,
    invite,
    open_invitations,
)
from dashboard.accounts.members import (
    MOST_OPEN,
    renew_invitation,
    withdraw_invitation,
)
from dashboard.accounts.memberships import membership_of
from dashboard.accounts.models import User
from dashboard.audit.actor import SYSTEM
from dashboard.audit.models import AuditEntry
from dashboard.errors import BillingError, Conflict, Invalid, NotFound
from dashboard.organizations.models import Organization
from tests.factories import UserFactory, make_organization
from tests.support.member_acts import by, member
from tests.support.member_invitations import NOW, PASSWORD, invited, is_open, opened
from tests.support.queries import count_queries


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

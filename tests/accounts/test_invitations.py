"""Somebody becomes a user by a link that works once."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from dashboard.accounts.acceptance import accept
from dashboard.accounts.invitations import (
    LIFE,
    InvitationEnded,
    invitation_of,
    invitation_token,
    invite,
    open_invitations,
    withdraw,
)
from dashboard.accounts.models import Invitation, User
from dashboard.accounts.sign_in import sign_in
from dashboard.audit.actor import SYSTEM
from dashboard.audit.models import AuditEntry
from dashboard.errors import Conflict, Invalid
from tests.factories import UserFactory, make_organization

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PASSWORD = "several words to keep"
KEYS = ["a key of the tests"]


def invited(email: str = "ada@example.com", role: str = "admin", **more: int) -> str:
    """Invite somebody and return the secret of the link."""
    return invitation_token(invite(email, role, actor=SYSTEM, now=NOW, **more), KEYS)


def test_who_was_invited_signs_in_with_the_role_and_what_they_typed(db: SQLAlchemy) -> None:
    user = accept(
        invitation_of(invited(" ADA@example.com"), KEYS, now=NOW), " Ada ", PASSWORD, now=NOW
    )
    assert (user.email, user.name, user.role) == ("ada@example.com", "Ada", "admin")
    assert sign_in("ada@example.com", PASSWORD) is user
    actions = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["invitation.created", "invitation.accepted"]


def test_a_customer_sees_the_organization_they_were_invited_to(db: SQLAlchemy) -> None:
    acme = make_organization("acme")
    secret = invited(role="customer", organization_id=acme.id)
    user = accept(invitation_of(secret, KEYS, now=NOW), "Carla", PASSWORD, now=NOW)
    assert [one.organization_id for one in user.memberships] == [acme.id]


def test_a_link_works_once(db: SQLAlchemy) -> None:
    secret = invited()
    accept(invitation_of(secret, KEYS, now=NOW), "Ada", PASSWORD, now=NOW)
    with pytest.raises(InvitationEnded, match="works once"):
        invitation_of(secret, KEYS, now=NOW)


def test_a_link_ends_with_its_week(db: SQLAlchemy) -> None:
    secret = invited()
    assert invitation_of(secret, KEYS, now=NOW + LIFE - SECOND)
    with pytest.raises(InvitationEnded):
        invitation_of(secret, KEYS, now=NOW + LIFE)


def test_a_withdrawn_or_unknown_link_opens_nothing(db: SQLAlchemy) -> None:
    secret = invited()
    withdraw(invitation_of(secret, KEYS, now=NOW), actor=SYSTEM, now=NOW)
    for wrong in (secret, "", "unknown"):
        with pytest.raises(InvitationEnded):
            invitation_of(wrong, KEYS, now=NOW)
    assert open_invitations() == []


def test_inviting_again_ends_the_older_link(db: SQLAlchemy) -> None:
    older, newer = invited(), invited(role="support")
    assert invitation_of(newer, KEYS, now=NOW).role == "support"
    with pytest.raises(InvitationEnded):
        invitation_of(older, KEYS, now=NOW)


def test_an_ended_invitation_stays_as_it_is(db: SQLAlchemy) -> None:
    invitation = invitation_of(invited(), KEYS, now=NOW)
    accept(invitation, "Ada", PASSWORD, now=NOW)
    withdraw(invitation, actor=SYSTEM, now=NOW)
    assert invitation.revoked_at is None


def test_nothing_of_the_link_is_kept(db: SQLAlchemy) -> None:
    secret = invited()
    kept = db.session.scalars(select(Invitation)).one()
    assert kept.secret_hash is None
    with pytest.raises(InvitationEnded):
        invitation_of(secret, ["another key"], now=NOW)


def test_a_link_of_an_earlier_release_works(db: SQLAlchemy) -> None:
    invited()
    kept = db.session.scalars(select(Invitation)).one()
    kept.secret_hash = sha256(b"random").hexdigest()
    assert invitation_of("random", KEYS, now=NOW) is kept


def test_the_same_id_given_out_again_is_another_invitation(db: SQLAlchemy) -> None:
    secret = invited()
    db.session.scalars(select(Invitation)).one().created_at += SECOND
    db.session.flush()
    with pytest.raises(InvitationEnded):
        invitation_of(secret, KEYS, now=NOW)


@pytest.mark.parametrize(
    ("email", "role", "field"),
    [
        ("nobody", "admin", "email"),
        ("", "admin", "email"),
        ("ada@example.com", "owner", "role"),
        ("ada@example.com", "customer", "organization"),
    ],
)
def test_what_makes_no_sense_invites_nobody(
    db: SQLAlchemy, email: str, role: str, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        invite(email, role, actor=SYSTEM, now=NOW)
    assert refused.value.facts["field"] == field
    assert db.session.scalar(select(Invitation)) is None


def test_our_own_people_belong_to_no_organization(db: SQLAlchemy) -> None:
    acme = make_organization("acme")
    with pytest.raises(Invalid, match="sees every organization"):
        invited(role="support", organization_id=acme.id)


def test_who_can_sign_in_already_is_not_invited(db: SQLAlchemy) -> None:
    UserFactory(email="ada@example.com")
    with pytest.raises(Conflict, match="can already sign in"):
        invited("Ada@Example.com")


def test_who_became_a_user_meanwhile_does_not_become_a_second_one(db: SQLAlchemy) -> None:
    secret = invited()
    UserFactory(email="ada@example.com")
    db.session.flush()
    with pytest.raises(Conflict, match="can already sign in"):
        accept(invitation_of(secret, KEYS, now=NOW), "Ada", PASSWORD, now=NOW)


@pytest.mark.parametrize(
    ("name", "password", "field"),
    [
        ("", PASSWORD, "name"),
        ("  ", PASSWORD, "name"),
        ("A" * 201, PASSWORD, "name"),
        ("A\u202eb", PASSWORD, "name"),
        ("Ada", "elevenchars", "password"),
        ("Ada", "x" * 1025, "password"),
        ("Ada", "ADA@example.com", "password"),
        ("Ada of the engines", "ada of THE engines", "password"),
        ("Ada", "aaaaaaaaaaaabc", "password"),
    ],
)
def test_a_name_or_password_that_will_not_do_makes_no_user(
    db: SQLAlchemy, name: str, password: str, field: str
) -> None:
    invitation = invitation_of(invited(), KEYS, now=NOW)
    with pytest.raises(Invalid) as refused:
        accept(invitation, name, password, now=NOW)
    assert refused.value.facts["field"] == field
    assert db.session.scalar(select(User)) is None


def test_an_address_under_which_nothing_could_be_put_on_record_is_refused(db: SQLAlchemy) -> None:
    long = f"ada@{'b' * 62}.{'c' * 62}.{'d' * 62}.example.com"
    assert len(long) > 200
    with pytest.raises(Invalid, match="at most 200"):
        invited(long)

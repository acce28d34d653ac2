"""What is changed of people takes effect at once, and never leaves nobody in charge."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from threading import Barrier

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select

from dashboard.accounts.acceptance import accept
from dashboard.accounts.identity import identity_of
from dashboard.accounts.invitations import (
    InvitationEnded,
    invitation_of,
    invitation_token,
    invite,
)
from dashboard.accounts.models import User
from dashboard.accounts.people import (
    activate,
    change_password,
    change_role,
    deactivate,
    everybody,
    join,
    leave,
    person_by_email,
    person_by_id,
)
from dashboard.accounts.reset import ResetLinkEnded, reset_token, user_of_reset
from dashboard.accounts.sign_in import actor_of, sign_in
from dashboard.accounts.tokens import create_token, verify
from dashboard.audit.actor import SYSTEM
from dashboard.audit.models import AuditEntry
from dashboard.errors import Conflict, Invalid, NotFound
from dashboard.transaction import transaction
from tests.factories import UserFactory, make_organization
from tests.people import PASSWORD, password_hash
from tests.support.sessions import key_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)
KEYS = ["a key of the tests"]
NEW = "several other words"
END = partial(deactivate, actor=SYSTEM, now=NOW)
LOWER = partial(change_role, role="support", actor=SYSTEM, now=NOW)


def person(**facts: object) -> User:
    """Return somebody who is stored, and signs in with `PASSWORD`."""
    return UserFactory(**({"password_hash": password_hash()} | facts))


def test_deactivation_ends_sessions_and_tokens_and_old_sessions_stay_ended(db: SQLAlchemy) -> None:
    user = person()
    session_key = key_of(user, now=NOW)
    _, secret = create_token("metering", ["usage:write"], actor=actor_of(user), now=NOW)
    _, others = create_token("other", ["usage:write"], actor=SYSTEM, now=NOW)
    db.session.flush()
    assert identity_of(session_key)
    deactivate(user, actor=SYSTEM, now=NOW)
    db.session.flush()
    assert identity_of(session_key) is None
    assert sign_in(user.email, PASSWORD) is None
    assert (verify(secret, now=NOW), verify(others, now=NOW) is None) == (None, False)
    activate(user, actor=SYSTEM, now=NOW)
    db.session.flush()
    assert sign_in(user.email, PASSWORD) is user
    assert (identity_of(session_key), verify(secret, now=NOW)) == (None, None)


@pytest.mark.parametrize("act", [END, LOWER])
def test_the_last_admin_stays_one(db: SQLAlchemy, act: Callable[[User], None]) -> None:
    ada = person(role="admin")
    person(role="admin", is_active=False)
    db.session.flush()
    with pytest.raises(Conflict, match="only admin"):
        act(ada)
    assert (ada.role, ada.is_active) == ("admin", True)
    person(role="admin")
    db.session.flush()
    act(ada)
    assert (ada.role, ada.is_active) != ("admin", True)


def test_two_admins_who_end_each_other_leave_one(app: Flask, db: SQLAlchemy) -> None:
    with transaction():
        ids = [person(role="admin").id for _ in range(2)]
    both = Barrier(2)

    def end(user_id: int) -> str:
        with app.app_context():
            both.wait(10)
            try:
                with transaction():
                    deactivate(person_by_id(user_id, lock=True), actor=SYSTEM, now=NOW)
            except Conflict:
                return "refused"
            return "ended"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(end, ids)) == ["ended", "refused"]


def test_doing_it_twice_is_doing_it_once(db: SQLAlchemy) -> None:
    user = person()
    db.session.flush()
    for _ in range(2):
        change_role(user, "support", actor=SYSTEM, now=NOW)
        deactivate(user, actor=SYSTEM, now=NOW)
    for _ in range(2):
        activate(user, actor=SYSTEM, now=NOW)
    actions = db.session.scalars(select(AuditEntry.action)).all()
    assert sorted(actions) == ["person.activated", "person.deactivated", "person.role_changed"]


def test_an_unknown_role_changes_nothing(db: SQLAlchemy) -> None:
    with pytest.raises(Invalid, match="the roles are"):
        change_role(person(), "owner", actor=SYSTEM, now=NOW)


def test_a_membership_comes_and_goes_at_once(db: SQLAlchemy) -> None:
    acme, user = make_organization("acme"), person()
    for _ in range(2):
        join(user, acme.id, actor=SYSTEM, now=NOW)
        db.session.flush()
    assert identity_of(key_of(user)).slugs == {"acme"}
    [membership] = user.memberships
    leave(user, membership.id, actor=SYSTEM, now=NOW)
    db.session.flush()
    assert identity_of(key_of(user)).slugs == frozenset()
    with pytest.raises(NotFound, match="already ended"):
        leave(user, membership.id, actor=SYSTEM, now=NOW)


def test_our_own_people_need_no_membership(db: SQLAlchemy) -> None:
    with pytest.raises(Invalid, match="sees every organization"):
        join(person(role="support"), make_organization("acme").id, actor=SYSTEM, now=NOW)


def test_a_new_password_ends_every_session(db: SQLAlchemy) -> None:
    user = person()
    db.session.flush()
    session_key = key_of(user, now=NOW)
    with pytest.raises(Invalid, match="not your password"):
        change_password(user, "wrong", NEW, now=NOW)
    change_password(user, PASSWORD, NEW, now=NOW)
    db.session.flush()
    assert identity_of(session_key) is None
    assert sign_in(user.email, PASSWORD) is None
    assert sign_in(user.email, NEW) is user


def test_a_link_for_a_new_password_works_until_there_is_one(db: SQLAlchemy) -> None:
    user = person()
    db.session.flush()
    secret = reset_token(user, KEYS)
    assert user_of_reset(secret, KEYS) is user
    change_password(user, PASSWORD, NEW, now=NOW)
    with pytest.raises(ResetLinkEnded, match="works once"):
        user_of_reset(secret, KEYS)


def test_a_link_of_somebody_else_or_signed_otherwise_opens_nothing(db: SQLAlchemy) -> None:
    user = person()
    db.session.flush()
    secret = reset_token(user, KEYS)
    for wrong in ("", "abc", secret + "a", reset_token(user, ["another key"])):
        with pytest.raises(ResetLinkEnded):
            user_of_reset(wrong, KEYS)
    deactivate(user, actor=SYSTEM, now=NOW)
    with pytest.raises(ResetLinkEnded):
        user_of_reset(reset_token(user, KEYS), KEYS)


@pytest.mark.parametrize("end", [END, LOWER])
def test_what_an_admin_handed_out_ends_with_their_being_one(
    db: SQLAlchemy, end: Callable[[User], None]
) -> None:
    person(role="admin")
    leaver, other = person(role="admin"), person()
    db.session.flush()
    actor = actor_of(leaver)
    theirs = invitation_token(invite("second@self.com", "admin", actor=actor, now=NOW), KEYS)
    ours = invitation_token(invite("else@example.com", "admin", actor=SYSTEM, now=NOW), KEYS)
    link = reset_token(other, KEYS, by=leaver.id)
    assert user_of_reset(link, KEYS) is other
    end(leaver)
    db.session.flush()
    with pytest.raises(InvitationEnded):
        invitation_of(theirs, KEYS, now=NOW)
    with pytest.raises(ResetLinkEnded):
        user_of_reset(link, KEYS)
    assert invitation_of(ours, KEYS, now=NOW)
    assert user_of_reset(reset_token(other, KEYS), KEYS) is other


RAISE = partial(change_role, role="admin", actor=SYSTEM, now=NOW)
LET_IN = partial(activate, actor=SYSTEM, now=NOW)


@pytest.mark.parametrize(("end", "again"), [(END, LET_IN), (LOWER, RAISE)])
def test_a_link_for_a_password_stays_ended_when_its_maker_is_an_admin_again(
    db: SQLAlchemy, end: Callable[[User], None], again: Callable[[User], None]
) -> None:
    person(role="admin")
    leaver, other = person(role="admin"), person()
    db.session.flush()
    link = reset_token(other, KEYS, by=leaver.id)
    end(leaver)
    again(leaver)
    db.session.flush()
    with pytest.raises(ResetLinkEnded):
        user_of_reset(link, KEYS)
    assert user_of_reset(reset_token(other, KEYS, by=leaver.id), KEYS) is other


def test_a_link_by_somebody_who_is_no_admin_opens_nothing(db: SQLAlchemy) -> None:
    other, maker = person(), person(role="support")
    db.session.flush()
    made = reset_token(other, KEYS, by=maker.id)
    with pytest.raises(ResetLinkEnded):
        user_of_reset(made, KEYS)
    maker.role = "admin"
    db.session.flush()
    with pytest.raises(ResetLinkEnded):
        user_of_reset(made, KEYS)


def test_a_link_of_an_earlier_release_works_unless_an_admin_made_it(db: SQLAlchemy) -> None:
    admin, other = person(role="admin"), person()
    db.session.flush()
    signer = URLSafeTimedSerializer(KEYS, salt="set a new password")
    assert user_of_reset(signer.dumps([other.id, other.link_version, None]), KEYS) is other
    for odd in ([other.id, other.link_version, admin.id], [other.id], [], {}, None, "x", 5):
        with pytest.raises(ResetLinkEnded):
            user_of_reset(signer.dumps(odd), KEYS)


def test_people_are_found_and_listed(db: SQLAlchemy) -> None:
    ben, ada = person(name="Ben"), person(name="Ada", email="ada@example.com")
    cy = person(name="Aaron", is_active=False)
    db.session.flush()
    assert list(everybody()) == [ada, ben, cy]
    assert person_by_email(" Ada@Example.com ") is ada
    assert person_by_id(ada.id, lock=True) is ada
    for find in (lambda: person_by_email("nobody@example.com"), lambda: person_by_id(10**6)):
        with pytest.raises(NotFound):
            find()


@pytest.mark.parametrize(
    "typed",
    [
        "josé@exämple.com", " JOSÉ@EXÄMPLE.COM ", "jose\u0301@exa\u0308mple.com",
        "josé@xn--exmple-cua.com", "josé@\uff45xämple.com",
    ],
)  # fmt: skip
def test_an_address_is_one_however_it_is_typed(db: SQLAlchemy, typed: str) -> None:
    made = invitation_token(invite("josé@exämple.com", "admin", actor=SYSTEM, now=NOW), KEYS)
    user = accept(invitation_of(made, KEYS, now=NOW), "José", NEW, now=NOW)
    assert sign_in(typed, NEW) is user
    assert person_by_email(typed) is user
    with pytest.raises(Conflict, match="can already sign in"):
        invite(typed, "admin", actor=SYSTEM, now=NOW)

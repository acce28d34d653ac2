"""Sessions begin, are used, and end; nobody gets one back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select, update

from dashboard.accounts.identity import identity_of
from dashboard.accounts.models import User
from dashboard.accounts.passwords import password_matches
from dashboard.accounts.people import activate, change_password, deactivate
from dashboard.accounts.session_models import UserSession
from dashboard.accounts.sessions import (
    Device,
    begin,
    end_session,
    end_sessions,
    forget_old,
    note_use,
    open_sessions,
    prove,
)
from dashboard.accounts.sign_in import actor_of, sign_in
from dashboard.audit.actor import SYSTEM
from dashboard.audit.models import AuditEntry
from dashboard.errors import Conflict, NotFound
from dashboard.transaction import transaction
from tests.factories import NOW, UserFactory
from tests.people import PASSWORD, password_hash
from tests.support.sessions import LIFE

HERE = Device("Firefox on Linux", "192.0.2.1")
HOUR = timedelta(hours=1)


def person(**facts: object) -> User:
    """Return somebody who is stored, and signs in with `PASSWORD`."""
    return UserFactory(**({"password_hash": password_hash()} | facts))


def signed_in(user: User, now=NOW) -> str:  # type: ignore[no-untyped-def]
    """Begin a session; return its secret."""
    return begin(user, "password", device=HERE, now=now)


def test_a_session_says_how_from_where_and_when_and_keeps_no_secret(db: SQLAlchemy) -> None:
    user = person()
    secret = signed_in(user)
    [found] = open_sessions(user.id, LIFE, now=NOW)
    assert (found.method, found.device, found.address) == ("password", *HERE)
    assert (found.created_at, found.last_seen_at, found.proved_at) == (NOW, NOW, NOW)
    assert found.secret_hash != secret
    assert len(secret) >= 43
    assert user.last_sign_in_at == NOW
    assert identity_of(LIFE.key(secret, now=NOW)).id == user.id


def test_a_way_to_sign_in_that_nobody_named_begins_nothing(db: SQLAlchemy) -> None:
    with pytest.raises(LookupError):
        begin(person(), "guess", device=HERE, now=NOW)


def test_a_session_ends_when_it_is_not_used_and_at_the_latest_when_it_is_old(
    db: SQLAlchemy,
) -> None:
    user = person()
    secret = signed_in(user)

    def is_open(at) -> bool:  # type: ignore[no-untyped-def]
        listed = bool(open_sessions(user.id, LIFE, now=at))
        assert (identity_of(LIFE.key(secret, now=at)) is not None) == listed
        return listed

    almost = NOW + LIFE.idle - HOUR
    assert (is_open(almost), is_open(NOW + LIFE.idle)) == (True, False)
    [found] = open_sessions(user.id, LIFE, now=almost)
    note_use(db.session.connection(), found.id, now=almost)
    assert is_open(NOW + LIFE.idle)
    note_use(db.session.connection(), found.id, now=NOW + LIFE.most - HOUR)
    assert (is_open(NOW + LIFE.most - HOUR), is_open(NOW + LIFE.most)) == (True, False)


def test_use_is_noted_once_a_minute_and_waits_for_nobody(app: Flask, db: SQLAlchemy) -> None:
    with transaction():
        user = person()
        signed_in(user)
    [found] = open_sessions(user.id, LIFE, now=NOW)
    session_id, seconds = found.id, timedelta(seconds=1)

    def seen(after: timedelta):  # type: ignore[no-untyped-def]
        with db.engine.begin() as connection:
            note_use(connection, session_id, now=NOW + after)
        db.session.rollback()
        return db.session.get_one(UserSession, session_id).last_seen_at - NOW

    assert seen(60 * seconds) == timedelta(0)
    assert seen(61 * seconds) == 61 * seconds
    db.session.rollback()
    end_session(user.id, session_id, actor=SYSTEM, now=NOW)
    db.session.flush()

    def note() -> bool:
        with app.app_context(), db.engine.begin() as connection:
            note_use(connection, session_id, now=NOW + 10 * HOUR)
        return True

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(note).result(timeout=10)


def test_one_session_ends_and_the_others_go_on(db: SQLAlchemy) -> None:
    user, other = person(), person()
    one, two = signed_in(user), signed_in(user, NOW + HOUR)
    second, first = open_sessions(user.id, LIFE, now=NOW)
    end_session(user.id, first.id, actor=actor_of(user), now=NOW)
    db.session.flush()
    assert identity_of(LIFE.key(one, now=NOW)) is None
    assert identity_of(LIFE.key(two, now=NOW)).session_id == second.id
    for whose, which in ((user, first), (other, second)):
        with pytest.raises(NotFound, match="already ended"):
            end_session(whose.id, which.id, actor=SYSTEM, now=NOW)


def test_all_sessions_end_at_once_but_one(db: SQLAlchemy) -> None:
    user, other = person(), person()
    secrets = [signed_in(user) for _ in range(3)] + [signed_in(other)]
    kept = identity_of(LIFE.key(secrets[0], now=NOW))
    assert end_sessions(user, actor=SYSTEM, now=NOW, but=kept.session_id) == 2
    found = [identity_of(LIFE.key(secret, now=NOW)) for secret in secrets]
    assert [one is not None for one in found] == [True, False, False, True]
    assert end_sessions(user, actor=SYSTEM, now=NOW) == 1


@pytest.mark.parametrize("end", ["deactivate", "change"])
def test_what_ends_a_persons_access_ends_their_sessions_for_good(db: SQLAlchemy, end: str) -> None:
    user = person()
    key = LIFE.key(signed_in(user), now=NOW)
    if end == "deactivate":
        deactivate(user, actor=SYSTEM, now=NOW)
        with pytest.raises(Conflict, match="the account is deactivated"):
            signed_in(user)
        activate(user, actor=SYSTEM, now=NOW)
    else:
        change_password(user, PASSWORD, "several other words", now=NOW)
    db.session.flush()
    assert identity_of(key) is None
    assert open_sessions(user.id, LIFE, now=NOW) == []


@pytest.mark.parametrize("change", [{"is_active": False}, {"password_hash": "another"}])
def test_who_is_shut_out_while_their_password_is_checked_is_not_let_in(
    db: SQLAlchemy, monkeypatch: pytest.MonkeyPatch, change: dict[str, object]
) -> None:
    with transaction():
        user = person()
    user_id, email = user.id, user.email

    def check(kept: str, typed: str) -> bool:
        with db.engine.begin() as elsewhere:
            elsewhere.execute(update(User).where(User.id == user_id).values(change))
        return password_matches(kept, typed)

    monkeypatch.setattr("dashboard.accounts.sign_in.password_matches", check)
    assert sign_in(email, PASSWORD) is None


def test_what_happened_to_sessions_is_on_record(db: SQLAlchemy) -> None:
    user = person()
    for _ in range(3):
        signed_in(user)
    [first, *_] = open_sessions(user.id, LIFE, now=NOW)
    end_session(user.id, first.id, actor=SYSTEM, now=NOW)
    end_sessions(user, actor=SYSTEM, now=NOW)
    end_sessions(user, actor=SYSTEM, now=NOW)
    entries = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [one.action for one in entries] == ["session.opened"] * 3 + [
        "session.ended", "sessions.ended",
    ]  # fmt: skip
    assert {one.subject_id for one in entries} == {user.id}
    how, where = {"method": "password", "factor": None}, HERE._asdict()
    assert entries[0].facts == how | {"device": where["name"], "address": where["address"]}
    assert entries[-1].facts == {"sessions": 2}


def test_who_shows_again_who_they_are_is_noted(db: SQLAlchemy) -> None:
    key = LIFE.key(signed_in(person()), now=NOW)
    prove(identity_of(key).session_id, now=NOW + HOUR)
    assert identity_of(key).proved_at == NOW + HOUR


def test_sessions_that_nobody_can_use_any_more_are_forgotten(db: SQLAlchemy) -> None:
    user = person()
    signed_in(user)
    signed_in(user, NOW + timedelta(days=10))
    forget_old(now=NOW + timedelta(days=91))
    assert db.session.scalars(select(UserSession.created_at)).all() == [NOW + timedelta(days=10)]

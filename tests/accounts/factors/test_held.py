"""Which factors somebody has, recovery codes, and taking factors away."""

from datetime import UTC, datetime

import pyotp
import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from dashboard.accounts.factors.code_app import keep_code_app
from dashboard.accounts.factors.held import (
    check_code,
    factors_of,
    remove_code_app,
    remove_passkey,
    take_factors_away,
)
from dashboard.accounts.factors.models import Passkey, RecoveryCode
from dashboard.accounts.factors.recovery import HOW_MANY, LETTERS, renew_recovery_codes
from dashboard.accounts.models import User
from dashboard.audit.actor import SYSTEM
from dashboard.audit.models import AuditEntry
from dashboard.errors import Conflict, NotFound
from dashboard.extensions import db as database
from tests.factories import UserFactory

NOW = datetime(2026, 3, 1, 12, 0, 10, tzinfo=UTC)
KEYS = ["a key of the tests"]
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def with_app(user: User) -> User:
    """Set up an app."""
    keep_code_app(user, SECRET, pyotp.TOTP(SECRET).at(NOW), keys=KEYS, now=NOW)
    return user


def with_passkey(user: User, number: int = 1) -> Passkey:
    """Add a passkey that no device has."""
    passkey = Passkey(
        user_id=user.id,
        credential_id=f"{user.id}-{number}".encode(),
        public_key=b"key",
        sign_count=0,
        name=f"Key {number}",
        created_at=NOW,
    )
    database.session.add(passkey)
    database.session.flush()
    return passkey


def checked(user: User, typed: str) -> str | None:
    """Return which factor a code is of."""
    return check_code(user, typed, keys=KEYS, now=NOW)


def test_a_recovery_code_counts_once_however_it_is_typed(db: SQLAlchemy) -> None:
    user = with_app(UserFactory())
    first, second, *_ = renew_recovery_codes(user, now=NOW)
    assert checked(user, first) == "recovery_code"
    assert checked(user, first) is None
    assert checked(user, f" {second.lower().replace('-', ' ')} ") == "recovery_code"
    assert factors_of(user.id).codes_left == HOW_MANY - 2


def test_recovery_codes_are_random_and_only_their_hashes_are_kept(db: SQLAlchemy) -> None:
    user = UserFactory()
    codes = renew_recovery_codes(user, now=NOW)
    assert len(set(codes)) == HOW_MANY
    assert all(set(code) <= set(LETTERS) | {"-"} and len(code) == 19 for code in codes)
    kept = db.session.scalars(select(RecoveryCode.code_hash)).all()
    assert not set(kept) & set(codes)


def test_new_recovery_codes_take_the_place_of_the_old(db: SQLAlchemy) -> None:
    user = UserFactory()
    [old, *_] = renew_recovery_codes(user, now=NOW)
    [new, *_] = renew_recovery_codes(user, now=NOW)
    assert checked(user, old) is None
    assert checked(user, new) == "recovery_code"


def test_a_code_is_of_one_person_only(db: SQLAlchemy) -> None:
    mine, theirs = UserFactory(), UserFactory()
    [code, *_] = renew_recovery_codes(theirs, now=NOW)
    assert checked(mine, code) is None
    assert checked(theirs, code) == "recovery_code"


def test_recovery_codes_alone_are_no_factor(db: SQLAlchemy) -> None:
    user = UserFactory()
    renew_recovery_codes(user, now=NOW)
    assert not factors_of(user.id)


def test_the_last_factor_takes_the_recovery_codes_along(db: SQLAlchemy) -> None:
    user = with_app(UserFactory())
    renew_recovery_codes(user, now=NOW)
    passkey = with_passkey(user)
    remove_code_app(user, is_needed=True, now=NOW)
    assert factors_of(user.id).codes_left == HOW_MANY
    remove_passkey(user, passkey.id, is_needed=False, now=NOW)
    assert factors_of(user.id).codes_left == 0


def test_the_last_factor_stays_where_one_is_needed(db: SQLAlchemy) -> None:
    user = with_app(UserFactory())
    with pytest.raises(Conflict, match="Add another first"):
        remove_code_app(user, is_needed=True, now=NOW)
    passkey = with_passkey(user)
    remove_code_app(user, is_needed=True, now=NOW)
    with pytest.raises(Conflict, match="Add another first"):
        remove_passkey(user, passkey.id, is_needed=True, now=NOW)


def test_nobody_removes_the_passkey_of_somebody_else(db: SQLAlchemy) -> None:
    mine, theirs = UserFactory(), UserFactory()
    passkey = with_passkey(theirs)
    with pytest.raises(NotFound):
        remove_passkey(mine, passkey.id, is_needed=False, now=NOW)
    with pytest.raises(Conflict, match="already removed"):
        remove_code_app(mine, is_needed=False, now=NOW)
    assert factors_of(theirs.id)


def test_an_admin_takes_all_of_them_away_and_it_is_on_record(db: SQLAlchemy) -> None:
    user, other = with_app(UserFactory()), with_app(UserFactory())
    with_passkey(user)
    renew_recovery_codes(user, now=NOW)
    take_factors_away(user, actor=SYSTEM, now=NOW)
    assert not factors_of(user.id)
    assert factors_of(user.id).codes_left == 0
    assert factors_of(other.id)
    db.session.flush()
    last = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert last is not None
    assert (last.action, last.facts) == ("factors.taken_away", {"app": True, "passkeys": 1})

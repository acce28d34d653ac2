"""A code of an app counts for a minute and a half at most, once, and its secret is sealed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pyotp
import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from dashboard.accounts.factors.code_app import (
    STEP_SECONDS,
    address_of_secret,
    is_code_of_app,
    keep_code_app,
    new_secret,
)
from dashboard.accounts.factors.held import check_code, factors_of
from dashboard.accounts.factors.models import CodeApp
from dashboard.accounts.factors.recovery import renew_recovery_codes
from dashboard.accounts.models import User
from dashboard.errors import Invalid
from dashboard.extensions import db as database
from dashboard.transaction import transaction
from tests.factories import UserFactory

NOW = datetime(2026, 3, 1, 12, 0, 10, tzinfo=UTC)
STEP = timedelta(seconds=STEP_SECONDS)
KEYS = ["a key of the tests"]
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code(at: datetime = NOW, secret: str = SECRET) -> str:
    """Return what the app shows then."""
    return pyotp.TOTP(secret).at(at)


@pytest.fixture
def user(db: SQLAlchemy) -> User:
    """Somebody whose app was set up an hour ago."""
    with transaction():
        user = UserFactory()
        before = NOW - timedelta(hours=1)
        keep_code_app(user, SECRET, code(before), keys=KEYS, now=before)
    return user


def counts(user: User, typed: str, at: datetime = NOW) -> bool:
    """Whether a code counts then."""
    return is_code_of_app(user, typed, keys=KEYS, now=at)


@pytest.mark.parametrize(
    ("steps", "is_right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_clock_may_be_half_a_minute_off(user: User, steps: int, is_right: bool) -> None:
    assert counts(user, code(NOW + steps * STEP)) is is_right


def test_a_code_counts_once_and_none_before_it_counts_after_it(user: User) -> None:
    assert counts(user, code(NOW + STEP))
    assert not counts(user, code(NOW + STEP))
    assert not counts(user, code(NOW))
    assert counts(user, code(NOW + 2 * STEP), NOW + 2 * STEP)


def test_the_code_of_the_set_up_does_not_sign_in(db: SQLAlchemy) -> None:
    user = UserFactory()
    keep_code_app(user, SECRET, code(), keys=KEYS, now=NOW)
    assert not counts(user, code())


@pytest.mark.parametrize("factor", ["app", "recovery_code"])
def test_of_the_same_code_from_many_at_once_one_counts(app: Flask, user: User, factor: str) -> None:
    with transaction():
        spare = renew_recovery_codes(user, now=NOW)[0]
    user_id, barrier = user.id, Barrier(6)
    typed = code() if factor == "app" else spare

    def enter(_number: int) -> bool:
        with app.app_context(), transaction():
            # As who confirms who they are: nobody has locked them yet.
            who = database.session.get_one(User, user_id)
            barrier.wait()
            return check_code(who, typed, keys=KEYS, now=NOW) == factor

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(enter, range(6))) == 1


@pytest.mark.parametrize(
    "typed", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "000000", "-12345", "12.456", "\x00" * 6]
)
def test_what_is_no_code_of_now_is_none(user: User, typed: str) -> None:
    assert not counts(user, typed)


def test_a_code_may_be_typed_as_it_is_shown(user: User) -> None:
    shown = code()
    assert counts(user, f" {shown[:3]} {shown[3:]} ")


def test_an_app_is_kept_only_if_it_shows_the_right_code(db: SQLAlchemy) -> None:
    user = UserFactory()
    with pytest.raises(Invalid, match="Check the clock of its phone") as refused:
        keep_code_app(user, SECRET, "000000", keys=KEYS, now=NOW)
    assert refused.value.facts["field"] == "code"
    assert not factors_of(user.id)


def test_another_app_takes_the_place_of_the_first(user: User) -> None:
    second = new_secret()
    keep_code_app(user, second, code(secret=second), keys=KEYS, now=NOW)
    assert not counts(user, code(NOW + STEP))
    assert counts(user, code(NOW + STEP, second))


def test_the_secret_is_sealed_and_sealed_anew_once_a_new_key_signs(
    db: SQLAlchemy, user: User
) -> None:
    [kept] = db.session.query(CodeApp).all()
    assert SECRET not in kept.secret
    both = [*KEYS, "the key that follows"]
    assert is_code_of_app(user, code(), keys=both, now=NOW)
    assert is_code_of_app(user, code(NOW + STEP), keys=both[1:], now=NOW + STEP)
    assert not is_code_of_app(user, code(NOW + 2 * STEP), keys=KEYS, now=NOW + 2 * STEP)


def test_who_has_no_app_has_no_codes(db: SQLAlchemy) -> None:
    assert not counts(UserFactory(), code())


def test_an_app_scans_whose_secret_it_is() -> None:
    address = address_of_secret(SECRET, "ada+1@example.com")
    assert pyotp.parse_uri(address).secret == SECRET
    assert "ada%2B1%40example.com" in address

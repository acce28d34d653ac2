"""Passwords and their hashes."""

from argon2 import PasswordHasher
from flask_sqlalchemy import SQLAlchemy

from dashboard.accounts.passwords import hash_password, needs_rehash, password_matches
from dashboard.accounts.sign_in import sign_in
from tests.factories import UserFactory

WEAK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def test_only_the_password_matches_its_hash() -> None:
    kept = hash_password("correct horse")
    assert kept.startswith("$argon2id$")
    assert password_matches(kept, "correct horse")
    assert not password_matches(kept, "wrong horse")


def test_nobody_and_a_broken_hash_match_nothing() -> None:
    assert not password_matches(None, "nobody has this password")
    assert not password_matches("!", "!")


def test_a_hash_of_weaker_parameters_is_renewed_at_sign_in(db: SQLAlchemy) -> None:
    user = UserFactory(password_hash=WEAK.hash("correct horse"))
    assert needs_rehash(user.password_hash)
    assert sign_in(user.email, "correct horse") is user
    assert not needs_rehash(user.password_hash)
    assert password_matches(user.password_hash, "correct horse")

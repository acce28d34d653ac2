"""Passwords, kept only as argon2id hashes."""

from collections.abc import Collection

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from dashboard.errors import Invalid

# Length is what makes a password hard to guess (NIST SP 800-63B asks for no mix of characters).
SHORTEST = 12
LONGEST = 1024

# What is kept of who has none: they come by the sign-on provider or a passkey.
NO_PASSWORD = "!"  # noqa: S105  no hash, so nothing matches it

_hasher = PasswordHasher()

# Verified when the address is unknown, so that the answer takes as long as for a known one.
_NOBODY = _hasher.hash("nobody has this password")


def check_password(password: str, *, known: Collection[str]) -> None:
    """Raise `Invalid` for a password that is too short, too long, or among what is `known`."""
    if len(password) < SHORTEST:
        raise Invalid(
            f"A password has at least {SHORTEST} characters. Several words are easy to remember.",
            field="password",
        )
    if len(password) > LONGEST:
        raise Invalid(f"A password has at most {LONGEST} characters.", field="password")
    if password.casefold() in {one.casefold() for one in known} or len(set(password)) < 4:
        raise Invalid(
            "That password is one of the first that attackers try. Choose another.",
            field="password",
        )


def hash_password(password: str) -> str:
    """Return the hash to keep of `password`."""
    return _hasher.hash(password)


def password_matches(password_hash: str | None, password: str) -> bool:
    """Whether `password` is the one hashed; without a hash it works as long and says no."""
    is_none = password_hash in (None, NO_PASSWORD)
    try:
        return _hasher.verify(_NOBODY if is_none else str(password_hash), password) and not is_none
    except (VerifyMismatchError, InvalidHashError):
        return False


def needs_rehash(password_hash: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)

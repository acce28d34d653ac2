"""Who somebody is, by e-mail and password."""

from sqlalchemy import select

from dashboard.accounts.locks import lock_user
from dashboard.accounts.models import User
from dashboard.accounts.passwords import hash_password, needs_rehash, password_matches
from dashboard.audit.actor import Actor
from dashboard.email_address import known_as
from dashboard.extensions import db


def sign_in(email: str, password: str) -> User | None:
    """Return the active user with this address and password, locked; otherwise None.

    None does not say which of the two was wrong. A hash of older parameters is renewed.
    """
    user = db.session.scalar(select(User).where(User.email == known_as(email)))
    checked = user.password_hash if user else None
    if not password_matches(checked, password) or user is None:
        return None
    # The check takes its time: meanwhile an admin may have ended their access, or they changed it.
    lock_user(user.id)
    if not user.is_active or user.password_hash != checked:
        return None
    if needs_rehash(user.password_hash):
        user.password_hash = hash_password(password)
    return user


def actor_of(user: User) -> Actor:
    """Return `user` as the author of a change."""
    return Actor("user", user.id, user.email)

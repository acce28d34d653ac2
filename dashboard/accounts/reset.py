"""Links to set a new password: signed, they end after a day or with the password they replace."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import select

from dashboard.accounts.locks import IS_ADMIN, lock_user
from dashboard.accounts.models import User
from dashboard.errors import NotFound
from dashboard.extensions import db

LIFE = timedelta(days=1)


class ResetLinkEnded(NotFound):
    """The link is no link, was used, or is too old; which of them is not said."""

    code = "reset_link_ended"


def reset_token(user: User, keys: Sequence[str], *, by: int | None = None) -> str:
    """Return the secret part of a link by which `user` may set a new password.

    It ends for good with the access of the admin `by` whom it was made, if it was one: it names
    their version too, which rises when they are an admin no more, or have another password.
    """
    maker = [None] if by is None else [by, _version_of_admin(by)]
    return _serializer(keys).dumps([user.id, user.link_version, *maker])


def user_of_reset(token: str, keys: Sequence[str]) -> User:
    """Return the active user whom a link is for, locked; raises `ResetLinkEnded`.

    A password changed since, by this link or otherwise, has raised the version that it names.
    """
    ended = ResetLinkEnded(
        "This link has ended: it works once, within a day. Nothing was changed. Ask an admin for "
        "a new link."
    )
    try:
        user_id, version, *maker = _serializer(keys).loads(token, max_age=int(LIFE.total_seconds()))
    except (BadData, ValueError, TypeError):
        raise ended from None
    user = lock_user(user_id)
    if user is None or not user.is_active or user.link_version != version or not _is_good(maker):
        raise ended
    return user


def _is_good(maker: Sequence[int | None]) -> bool:
    """Whether who made a link has been an admin ever since, or nobody made it but its user."""
    if maker == [None]:
        return True
    # An earlier release named an admin alone, of whom this cannot be said.
    by, version = (*maker, None, None)[:2]
    return by is not None and version is not None and _version_of_admin(by) == version


def _version_of_admin(user_id: int) -> int | None:
    """Return which links of somebody's are good, None if they are no admin who can sign in."""
    return db.session.scalar(select(User.link_version).where(User.id == user_id, IS_ADMIN))


def _serializer(keys: Sequence[str]) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(list(keys), salt="set a new password")

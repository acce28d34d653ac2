"""Links to set a new password: signed, they end after a day or with the password they replace."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from itsdangerous import BadData, URLSafeTimedSerializer

from dashboard.accounts.locks import is_admin, lock_user
from dashboard.accounts.models import User
from dashboard.errors import NotFound

LIFE = timedelta(days=1)


class ResetLinkEnded(NotFound):
    """The link is no link, was used, or is too old; which of them is not said."""

    code = "reset_link_ended"


def reset_token(user: User, keys: Sequence[str], *, by: int | None = None) -> str:
    """Return the secret part of a link by which `user` may set a new password.

    It ends with the access of the admin `by` whom it was made, if it was one.
    """
    return _serializer(keys).dumps([user.id, user.link_version, by])


def user_of_reset(token: str, keys: Sequence[str]) -> User:
    """Return the active user whom a link is for, locked; raises `ResetLinkEnded`.

    A password changed since, by this link or otherwise, has raised the version that it names.
    """
    ended = ResetLinkEnded(
        "This link has ended: it works once, within a day. Nothing was changed. Ask an admin for "
        "a new link."
    )
    try:
        user_id, version, by = _serializer(keys).loads(token, max_age=int(LIFE.total_seconds()))
    except (BadData, ValueError, TypeError):
        raise ended from None
    user = lock_user(user_id)
    if user is None or not user.is_active or user.link_version != version:
        raise ended
    if by is not None and not is_admin(by):
        raise ended
    return user


def _serializer(keys: Sequence[str]) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(list(keys), salt="set a new password")

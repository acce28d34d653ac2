"""Showing again who one is, before what matters most."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from dashboard.accounts.factors.held import check_code
from dashboard.accounts.models import User
from dashboard.accounts.passwords import NO_PASSWORD, password_matches
from dashboard.accounts.sessions import prove
from dashboard.accounts.sign_in import actor_of
from dashboard.audit.write import write_entry
from dashboard.errors import Forbidden


class ProofWanted(Forbidden):
    """Somebody signed in too long ago for what they are about to do."""

    code = "proof_wanted"


def has_password(user: User) -> bool:
    """Whether `user` has a password at all: those of a provider have none."""
    return user.password_hash != NO_PASSWORD


def show_again(
    user: User,
    typed: str,
    session_id: int,
    *,
    keys: Sequence[str],
    by_password: bool,
    now: datetime,
) -> bool:
    """Whether `typed` proves that this session is still used by `user`; the session notes it.

    It is their password, where those sign anybody in, or a code of theirs, checked by `keys`.
    """
    is_password = by_password and password_matches(user.password_hash, typed)
    method = "password" if is_password else check_code(user, typed, keys=keys, now=now)
    if method is None:
        return False
    prove(session_id, now=now)
    write_entry("session.proved", user, actor_of(user), {"method": method}, now=now)
    return True

"""Showing again who one is, before what matters most."""

from __future__ import annotations

from datetime import datetime

from dashboard.accounts.models import User
from dashboard.accounts.passwords import NO_PASSWORD, password_matches
from dashboard.accounts.sessions import prove
from dashboard.accounts.sign_in import actor_of
from dashboard.audit.record import record
from dashboard.errors import Forbidden


class ProofWanted(Forbidden):
    """Somebody signed in too long ago for what they are about to do."""

    code = "proof_wanted"


def has_password(user: User) -> bool:
    """Whether `user` has a password at all: those of a provider have none."""
    return user.password_hash != NO_PASSWORD


def show_again(user: User, typed: str, session_id: int, *, now: datetime) -> bool:
    """Whether `typed` shows that it is `user` who has this session; if so it is noted there."""
    if not password_matches(user.password_hash, typed):
        return False
    prove(session_id, now=now)
    record("session.proved", user, actor_of(user), {"method": "password"}, now=now)
    return True

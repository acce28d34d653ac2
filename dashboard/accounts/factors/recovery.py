"""Recovery codes: ten on paper, each good for one sign-in."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select

from dashboard.accounts.factors.models import RecoveryCode
from dashboard.accounts.models import User
from dashboard.accounts.secret_hash import hash_of
from dashboard.accounts.sign_in import actor_of
from dashboard.audit.write import write_entry
from dashboard.extensions import db

HOW_MANY = 10
# Without those that are read or typed as another: 0 O 1 I L.
LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
GROUPS, GROUP = 4, 4


def renew_recovery_codes(user: User, *, now: datetime) -> list[str]:
    """Return new codes of `user` in place of those until now; only their hashes are kept."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    codes = [_new_code() for _ in range(HOW_MANY)]
    for code in codes:
        db.session.add(RecoveryCode(user_id=user.id, code_hash=_hash(code), created_at=now))
    write_entry("recovery_codes.made", user, actor_of(user), {"codes": len(codes)}, now=now)
    return codes


def use_recovery_code(user: User, typed: str, *, now: datetime) -> bool:
    """Whether this is an unused code of `user`, who is locked; from now on it is used."""
    query = select(RecoveryCode).where(
        RecoveryCode.user_id == user.id,
        RecoveryCode.code_hash == _hash(typed),
        RecoveryCode.used_at.is_(None),
    )
    found = db.session.scalar(query)
    if found is None:
        return False
    found.used_at = now
    db.session.flush()
    facts = {"left": recovery_codes_left(user.id)}
    write_entry("recovery_code.used", user, actor_of(user), facts, now=now)
    return True


def recovery_codes_left(user_id: int) -> int:
    """Return how many codes of a person are unused."""
    query = select(func.count()).where(
        RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None)
    )
    return db.session.scalar(query) or 0


def forget_recovery_codes(user: User) -> None:
    """Delete the codes of `user`."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))


def _new_code() -> str:
    groups: Sequence[str] = [
        "".join(secrets.choice(LETTERS) for _ in range(GROUP)) for _ in range(GROUPS)
    ]
    return "-".join(groups)


def _hash(typed: str) -> str:
    # 79 random bits each, of ten at a time: more than anybody can try against a fast hash.
    plain = "".join(letter for letter in typed.upper() if letter in LETTERS)
    return hash_of(plain)

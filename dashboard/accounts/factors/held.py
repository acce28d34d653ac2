"""Which second factors somebody has, whether this is one of them, and taking them away."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from dashboard.accounts.factors.code_app import is_code_of_app
from dashboard.accounts.factors.models import CodeApp, Passkey
from dashboard.accounts.factors.passkeys import passkeys_of
from dashboard.accounts.factors.recovery import (
    forget_recovery_codes,
    recovery_codes_left,
    use_recovery_code,
)
from dashboard.accounts.locks import lock_user
from dashboard.accounts.models import User
from dashboard.accounts.sessions import end_sessions
from dashboard.accounts.sign_in import actor_of
from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.errors import Conflict, NotFound
from dashboard.extensions import db

# How a session shows which factor it was proved by, and how that is said.
FACTORS = {
    "app": "an app code",
    "passkey": "a passkey",
    "recovery_code": "a recovery code",
    "provider": "the second factor of the company's sign-on",
}


@dataclass(frozen=True, slots=True)
class Factors:
    """The second factors of a person."""

    app_since: datetime | None
    passkeys: Sequence[Passkey]
    codes_left: int

    def __bool__(self) -> bool:
        """Whether there is any; recovery codes alone are none."""
        return self.app_since is not None or bool(self.passkeys)

    @property
    def count(self) -> int:
        """How many could be lost before none is left."""
        return len(self.passkeys) + (self.app_since is not None)


def factors_of(user_id: int) -> Factors:
    """Return the second factors of a person."""
    since = db.session.scalar(select(CodeApp.created_at).where(CodeApp.user_id == user_id))
    return Factors(since, passkeys_of(user_id), recovery_codes_left(user_id))


def who_has_factors(user_ids: Collection[int]) -> frozenset[int]:
    """Return those of these people who have a second factor."""
    apps = select(CodeApp.user_id).where(CodeApp.user_id.in_(user_ids))
    keys = select(Passkey.user_id).where(Passkey.user_id.in_(user_ids))
    return frozenset(db.session.scalars(apps.union(keys)))


def check_code(user: User, typed: str, *, keys: Sequence[str], now: datetime) -> str | None:
    """Return which factor of `FACTORS` this typed code is of; None if of none. It counts once."""
    lock_user(user.id)
    if is_code_of_app(user, typed, keys=keys, now=now):
        return "app"
    return "recovery_code" if use_recovery_code(user, typed, now=now) else None


def remove_code_app(user: User, *, is_needed: bool, now: datetime) -> None:
    """Remove the code app of `user`; raises `Conflict` for the last factor where one is needed."""
    lock_user(user.id)
    app = db.session.get(CodeApp, user.id)
    if app is None:
        raise Conflict("The app is already removed. Nothing was changed.")
    _leave_one(user, is_needed=is_needed)
    db.session.delete(app)
    _removed(user, {"factor": "app"}, now)


def remove_passkey(user: User, passkey_id: int, *, is_needed: bool, now: datetime) -> None:
    """Take a passkey from `user`; raises `Conflict` for the last factor where one is needed."""
    lock_user(user.id)
    passkey = db.session.get(Passkey, passkey_id)
    if passkey is None or passkey.user_id != user.id:
        raise NotFound("This passkey is already removed. Nothing was changed.")
    _leave_one(user, is_needed=is_needed)
    db.session.delete(passkey)
    _removed(user, {"factor": "passkey", "name": passkey.name}, now)


def take_factors_away(user: User, *, actor: Actor, now: datetime) -> None:
    """Take every second factor and recovery code from a person who lost them; sessions end too."""
    had = factors_of(user.id)
    db.session.execute(delete(CodeApp).where(CodeApp.user_id == user.id))
    db.session.execute(delete(Passkey).where(Passkey.user_id == user.id))
    forget_recovery_codes(user)
    facts = {"app": had.app_since is not None, "passkeys": len(had.passkeys)}
    write_entry("factors.taken_away", user, actor, facts, now=now)
    end_sessions(user, actor=actor, now=now)


def _leave_one(user: User, *, is_needed: bool) -> None:
    if is_needed and factors_of(user.id).count == 1:
        raise Conflict(
            "Your role needs a second factor, and this is the only one. Nothing was changed. Add "
            "another first."
        )


def _removed(user: User, facts: dict[str, object], now: datetime) -> None:
    db.session.flush()
    if not factors_of(user.id):
        forget_recovery_codes(user)
    write_entry("factor.removed", user, actor_of(user), facts, now=now)

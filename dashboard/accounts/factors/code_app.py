"""Codes of an app: six digits that are right for half a minute, once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hmac import compare_digest

import pyotp
import structlog

from dashboard.accounts.factors.models import CodeApp
from dashboard.accounts.factors.sealing import CannotOpen, open_sealed, seal, seal_anew
from dashboard.accounts.locks import lock_user
from dashboard.accounts.models import User
from dashboard.accounts.sign_in import actor_of
from dashboard.audit.write import write_entry
from dashboard.errors import Invalid
from dashboard.extensions import db

STEP_SECONDS = 30
DIGITS = 6
# A telephone's clock may be half a minute off, and typing takes its time.
STEPS_OFF = 1
ISSUER = "Billing dashboard"
log = structlog.get_logger("dashboard.accounts.factors")


def new_secret() -> str:
    """Return a secret for an app, which is kept once somebody shows that they have it."""
    return pyotp.random_base32()


def address_of_secret(secret: str, email: str) -> str:
    """Return what an app scans."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def keep_code_app(
    user: User, secret: str, typed: str, *, keys: Sequence[str], now: datetime
) -> None:
    """Ask `user` for codes of the app with this secret from now on; it takes an older one's place.

    Raises `Invalid` for a code that is not the app's.
    """
    lock_user(user.id)
    step = _step_of(secret, typed, now)
    if step is None:
        raise Invalid(
            "That is not the code the app shows now. Nothing was changed. Check the clock of its "
            "phone, then try again.",
            field="code",
        )
    app = db.session.get(CodeApp, user.id) or CodeApp(user_id=user.id)
    app.secret, app.used_step, app.created_at = seal(secret, keys), step, now
    db.session.add(app)
    write_entry("factor.added", user, actor_of(user), {"factor": "app"}, now=now)


def is_code_of_app(user: User, typed: str, *, keys: Sequence[str], now: datetime) -> bool:
    """Whether the app of `user`, who is locked, shows this code now; it does not count again."""
    app = db.session.get(CodeApp, user.id, populate_existing=True)
    if app is None:
        return False
    try:
        secret = open_sealed(app.secret, keys)
    except CannotOpen:
        log.error("factor_cannot_be_read", user_id=user.id)
        return False
    step = _step_of(secret, typed, now)
    if step is None or step <= app.used_step:
        return False
    app.used_step, app.secret = step, seal_anew(app.secret, keys)
    return True


def _step_of(secret: str, typed: str, now: datetime) -> int | None:
    """Return the half minute whose code was typed, of those that may be meant; None if none is."""
    code = "".join(typed.split())
    if len(code) != DIGITS or not (code.isascii() and code.isdigit()):
        return None
    app, present = pyotp.TOTP(secret), int(now.timestamp()) // STEP_SECONDS
    for step in range(present - STEPS_OFF, present + STEPS_OFF + 1):
        if compare_digest(app.at(step * STEP_SECONDS), code):
            return step
    return None

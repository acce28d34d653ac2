"""The second step of signing in, by an app."""

from datetime import timedelta

import pyotp

from dashboard.accounts.factors.code_app import keep_code_app
from dashboard.accounts.locks import lock_user
from dashboard.clock import utc_now
from dashboard.links import signing_keys
from dashboard.transaction import transaction

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code() -> str:
    """Return what the app shows now."""
    return pyotp.TOTP(SECRET).at(utc_now())


def have_app(user_id: int) -> None:
    """Set up an app, a while ago."""
    before = utc_now() - timedelta(hours=1)
    with transaction():
        user = lock_user(user_id)
        assert user is not None
        typed = pyotp.TOTP(SECRET).at(before)
        keep_code_app(user, SECRET, typed, keys=signing_keys(), now=before)

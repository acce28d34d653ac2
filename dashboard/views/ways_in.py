"""The ways in which people may sign in here, by the settings."""

from __future__ import annotations

from functools import wraps
from typing import Any, cast

from dashboard.accounts.permissions import View
from dashboard.errors import Conflict
from dashboard.extensions import current_config


def passwords_are_on() -> bool:
    """Whether a password signs anybody in, or a passkey alone; else only the provider's word does.

    Whom the provider does not know any more is to be out, whatever they have kept.
    """
    return current_config().password_sign_in


def provider_name() -> str | None:
    """Return what people call the sign-on provider, None where there is none."""
    config = current_config()
    return config.oidc_name if config.oidc_issuer else None


def demo_accounts() -> list[str]:
    """Return the addresses of a demo's users; none where this is no demo."""
    return current_config().accounts_of_demo


def for_passwords(view: View) -> View:
    """Refuse a page of passwords, or of passkeys alone, where they sign nobody in."""

    @wraps(view)
    def answer(**arguments: Any) -> Any:
        if not passwords_are_on():
            raise Conflict(
                "Passwords and passkeys alone do not sign you in here. Nothing was changed. Sign "
                f"in with {provider_name()}."
            )
        return view(**arguments)

    return cast(View, answer)

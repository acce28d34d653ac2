"""While somebody views as a customer, nothing is changed: whatever the view would allow."""

from flask import request

from dashboard.accounts.identity import Identity
from dashboard.errors import Forbidden

SAFE = ("GET", "HEAD", "OPTIONS")
# The ways out.
ALLOWED = ("viewing.delete", "session.delete")


def check_view(who: Identity) -> None:
    """Raise `Forbidden` for what changes something while `who` is viewing."""
    if who.viewing is None or request.method in SAFE or request.endpoint in ALLOWED:
        return
    raise Forbidden(
        "You see these pages as a customer does, so nothing was changed. Leave the view first."
    )

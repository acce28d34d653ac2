"""While somebody views as a customer, nothing is changed: whatever the view would allow."""

from flask import request
from markupsafe import Markup

from dashboard.accounts.identity import Identity
from dashboard.errors import Forbidden
from dashboard.views.asking import known_reader
from dashboard.views.sidebar import own_organizations

SAFE = ("GET", "HEAD", "OPTIONS")
# The ways out.
ALLOWED = ("viewing.delete", "session.delete")
OFF = Markup(
    ' disabled title="You see this page as the customer does. Leave the view first."'
    ' aria-describedby="viewing-note"'
)
NOTHING = Markup("")


def off_in_a_view() -> Markup:
    """Return what switches a button off while the reader views as a customer, else nothing.

    For buttons of forms that `check_view` refuses.
    """
    who = known_reader()
    return OFF if who is not None and who.viewing is not None else NOTHING


def viewed_name() -> str:
    """Return the name of the organization that the reader views as its customer."""
    who = known_reader()
    found = own_organizations(who.slugs) if who is not None else []
    return found[0].name if found else ""


def check_view(who: Identity) -> None:
    """Raise `Forbidden` for what changes something while `who` is viewing."""
    if who.viewing is None or request.method in SAFE or request.endpoint in ALLOWED:
        return
    raise Forbidden(
        "You see these pages as a customer does, so nothing was changed. Leave the view first."
    )

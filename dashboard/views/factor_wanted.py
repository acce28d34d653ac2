"""Who has to show a second factor is led to it before anything else."""

from __future__ import annotations

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.factors.held import factors_of
from dashboard.accounts.identity import Identity
from dashboard.extensions import current_config
from dashboard.views.hypermedia import is_htmx

# What is open to them nevertheless: setting one up, leaving, and seeing where they are signed in.
FACTORS = "factors"
OPEN = (FACTORS, "sessions", "theme")
LEAVING = "session.delete"


def lead_to_factor(who: Identity) -> ResponseReturnValue | None:
    """Return a redirect for a person who has yet to show a second factor; None for others.

    Whoever has one shows it before adding or removing any: the password alone does not let them.
    """
    config = current_config()
    is_needed = who.role in config.roles_with_factor
    if who.factor is not None or not (is_needed or request.blueprint == FACTORS):
        return None
    has_any = bool(factors_of(who.id))
    if request.endpoint == LEAVING or (not has_any and request.blueprint in OPEN):
        return None
    address = url_for("second_step.new" if has_any else "factors.index")
    return ("", 403, {"HX-Redirect": address}) if is_htmx() else redirect(address, code=303)

"""Signing in by the company's own provider: there and back."""

from __future__ import annotations

import time
from typing import Any

import structlog
from flask import Blueprint, abort, current_app, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug import Response

from dashboard.accounts.by_provider import person_of
from dashboard.accounts.permissions import permission
from dashboard.clock import utc_now
from dashboard.errors import BillingError
from dashboard.extensions import current_config
from dashboard.links import address
from dashboard.sign_on.errors import NotAllowed, NotBegunHere, NotSignedIn
from dashboard.sign_on.provider import Provider
from dashboard.sign_on.records import Claims, Rules
from dashboard.transaction import rollback
from dashboard.views.addresses import kept_address, local_address
from dashboard.views.errors import refuse
from dashboard.views.signing_in import go_on
from dashboard.views.throttle import count_as_wrong, slow_down_guesses

bp = Blueprint("sign_on", __name__, url_prefix="/sign-on")
BEGUN = "sign_ons"
# In several tabs of a browser, and for as long as somebody looks for their password there.
MOST_BEGUN = 4
LIFE_SECONDS = 900
log = structlog.get_logger("dashboard.views.sign_on")


@bp.get("/new")
@permission("public")
def new() -> ResponseReturnValue:
    """Lead to the provider."""
    wanted = local_address(request.args.get("next", ""))
    try:
        asked = provider().begin(address("sign_on.show"))
    except NotSignedIn as why:
        return _back_to_sign_in(why, wanted)
    kept: dict[str, Any] = {"nonce": asked.nonce, "verifier": asked.verifier}
    kept |= {"next": kept_address(wanted), "at": _now()}
    begun = {**session.get(BEGUN, {}), asked.state: kept}
    session[BEGUN] = dict(list(begun.items())[-MOST_BEGUN:])
    return redirect(asked.url, code=303)


@bp.get("/callback")
@permission("public")
@slow_down_guesses
def show() -> ResponseReturnValue:
    """Sign in whom the provider sends back, or say on the sign-in page why not."""
    begun = session.get(BEGUN, {}).get(request.args.get("state", "")) or {}
    # Whatever comes of it, an answer counts once.
    session[BEGUN] = {state: one for state, one in session.get(BEGUN, {}).items() if one != begun}
    try:
        claims = _claims(begun)
        user = person_of(claims, rules(), now=utc_now())
    except BillingError as why:
        # What was looked up and locked for nobody is let go of.
        rollback()
        return _back_to_sign_in(why, begun.get("next"))
    factor = "provider" if claims.is_multi_factor else None
    return go_on(user, "provider", begun["next"], factor=factor)


def provider() -> Provider:
    """Return the provider that the settings name; there is no such page without one."""
    found: Provider | None = current_app.extensions["provider"]
    return found or abort(404)


def rules() -> Rules:
    """Return what the settings make of claims."""
    config = current_config()
    return Rules(role_of=config.role_of_value, admits=config.oidc_people == "claims")


def _claims(begun: dict[str, str | float]) -> Claims:
    """Return who came back, by the provider's word; raises `NotSignedIn`."""
    asked_of = provider()
    # Some leave the state out of it; nothing comes of this answer but a sentence.
    if "error" in request.args:
        log.info("sign_on_refused", error=request.args["error"][:80])
        raise NotAllowed(asked_of.name)
    is_old = not begun or _now() - float(begun["at"]) > LIFE_SECONDS
    if is_old or "code" not in request.args:
        raise NotBegunHere
    return asked_of.finish(
        request.args["code"],
        nonce=str(begun["nonce"]),
        verifier=str(begun["verifier"]),
        redirect_uri=address("sign_on.show"),
        now=utc_now(),
    )


def _back_to_sign_in(why: BillingError, wanted: object) -> Response:
    count_as_wrong()
    refuse(why.message)
    return redirect(url_for("session.new", next=wanted), code=303)


def _now() -> float:
    return time.time()

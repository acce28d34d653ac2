"""Who is asking, and whether they may: checked before any view runs."""

import structlog
from flask import Flask, abort, current_app, request, session
from flask.typing import ResponseReturnValue

from dashboard.accounts.identity import Identity
from dashboard.accounts.permissions import (
    OWNER,
    PERMISSIONS,
    Permission,
    Unauthenticated,
    permission_of,
)
from dashboard.audit.actor import Actor
from dashboard.errors import Forbidden, NotFound
from dashboard.views.asking import known_reader, note_reader
from dashboard.views.factor_wanted import lead_to_factor
from dashboard.views.hypermedia import is_for_panel, is_htmx
from dashboard.views.proof import check_proof
from dashboard.views.returning import ask_to_sign_in, lead_to_page_beneath
from dashboard.views.token_guard import register_allowances, require_token
from dashboard.views.typed import WAITS, fill_in
from dashboard.views.viewing_guard import check_view

log = structlog.get_logger()
NOT_THEIRS = (
    "This organization does not exist, or you do not have access to it. Nothing was changed. If "
    "you had access before, an owner has removed you: ask them."
)


def register_access(app: Flask) -> None:
    """Make `guard` run before every view."""
    app.before_request(guard)
    register_allowances(app)


def guard() -> ResponseReturnValue | None:
    """Let the request through only if its view names a permission and the reader holds it."""
    if request.endpoint is None:
        return None
    needed = permission_of(current_app.view_functions.get(str(request.endpoint)))
    if needed is None:
        log.error("view_without_permission", endpoint=request.endpoint)
        abort(403)
    if needed.is_public:
        return None
    if needed.scope:
        require_token(needed)
        return None
    return _require_session(needed)


def reader() -> Identity:
    """Return the signed-in user; only for views that are not public."""
    found = known_reader()
    if found is None:
        raise Unauthenticated("You are not signed in. Nothing was changed. Sign in and try again.")
    return found


def current_actor() -> Actor:
    """Return the signed-in user as the author of a change."""
    return reader().actor


def can(name: str, slug: str | None = None) -> bool:
    """Whether the reader holds the permission `name`; for templates, which hide what is refused."""
    asking = known_reader()
    return asking is not None and asking.holds(PERMISSIONS[name], slug)


def _require_session(needed: Permission) -> ResponseReturnValue | None:
    who = known_reader()
    if who is None:
        return ask_to_sign_in()
    # What a page asks for by itself, or searches while somebody types, is no use of the session.
    if not is_htmx() or is_for_panel():
        note_reader(who)
        if WAITS in session and request.method == "GET":
            fill_in(who)
    slug = (request.view_args or {}).get("slug")
    if not who.holds(needed, slug):
        return _refuse(who, needed, slug)
    check_view(who)
    led = lead_to_factor(who)
    if led is None:
        check_proof(who, needed)
    return led


def _refuse(who: Identity, needed: Permission, slug: str | None) -> ResponseReturnValue:
    """Say why a reader may not; a page that they may not see any more says so by itself."""
    if who.role not in needed.roles:
        abort(403)
    if slug in who.slugs:
        raise Forbidden(
            f"Only {'owners' if needed.members == OWNER else 'owners and billing members'} of this "
            "organization can do this. Nothing was changed. Ask one of them: see Members."
        )
    if is_htmx() and not is_for_panel():
        return lead_to_page_beneath(404)
    # Somebody else's organization does not exist, as far as a customer can tell.
    raise NotFound(NOT_THEIRS)

"""Signing in and out."""

from typing import cast

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_limiter.util import get_remote_address
from flask_login import current_user, login_user, logout_user
from werkzeug.wrappers import Response

from dashboard.accounts.identity import identity_of
from dashboard.accounts.models import User
from dashboard.accounts.permissions import View, permission
from dashboard.accounts.sign_in import sign_in
from dashboard.clock import utc_now
from dashboard.extensions import db, limiter
from dashboard.forms.sign_in import SignInForm
from dashboard.views.addresses import local_address

bp = Blueprint("session", __name__, url_prefix="/session")


def _typed_email() -> str:
    return "e-mail " + request.form.get("email", "").strip().lower()[:254]


def _was_refused(response: Response) -> bool:
    return response.status_code != 303


def _was_wrong(response: Response) -> bool:
    return response.status_code >= 400


# A guesser is stopped by address and, from many addresses, by e-mail; signing in costs neither.
_by_address = limiter.limit(
    "20 per minute; 200 per hour", key_func=get_remote_address, deduct_when=_was_refused
)
_by_email = limiter.limit(
    "6 per minute; 30 per hour", key_func=_typed_email, deduct_when=_was_refused
)


def slow_down_guesses(view: View) -> View:
    """Let an address try a few secrets or passwords a minute; the right one costs nothing."""
    slow = limiter.limit(
        "20 per minute; 200 per hour", key_func=get_remote_address, deduct_when=_was_wrong
    )
    return cast(View, slow(view))


def begin_session(user: User) -> None:
    """Sign `user` in, with a new secret for the forms: who planted the old one knows it."""
    session.pop("csrf_token", None)
    db.session.flush()
    login_user(identity_of(user.get_id()))


@bp.get("/new")
@permission("public")
def new() -> ResponseReturnValue:
    """Show the sign-in form."""
    if current_user.is_authenticated:
        return redirect(url_for("home.show"), code=303)
    return render_template("session/new.html", form=SignInForm(data={"next": _safe_next()}))


@bp.post("")
@permission("public")
@_by_address
@_by_email
def create() -> ResponseReturnValue:
    """Open a session, or say that the two do not match."""
    form = SignInForm()
    form.next.data = _safe_next()
    user = None
    if form.validate_on_submit():
        user = sign_in(form.email.data, form.password.data, now=utc_now())
    if user is None:
        refused = not form.errors
        return render_template("session/new.html", form=form, refused=refused), 422
    begin_session(user)
    return redirect(_safe_next() or url_for("home.show"), code=303)


@bp.post("/delete")
@permission("session.use")
def delete() -> ResponseReturnValue:
    """End this session."""
    logout_user()
    flash("You are signed out.")
    return redirect(url_for("session.new"), code=303)


def _safe_next() -> str | None:
    """Return the local path the reader wanted; addresses on other hosts are dropped."""
    return local_address(request.values.get("next", ""))

"""Signing in and out."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user, logout_user

from dashboard.accounts.identity import identity_of
from dashboard.accounts.models import User
from dashboard.accounts.permissions import permission
from dashboard.accounts.sign_in import sign_in
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.forms.sign_in import SignInForm
from dashboard.views.addresses import local_address
from dashboard.views.throttle import know_device, slow_down_sign_ins

bp = Blueprint("session", __name__, url_prefix="/session")


def begin_session(user: User) -> None:
    """Sign `user` in, with a new secret for the forms: who planted the old one knows it."""
    session.pop("csrf_token", None)
    db.session.flush()
    login_user(identity_of(user.get_id()))
    know_device(user)


@bp.get("/new")
@permission("public")
def new() -> ResponseReturnValue:
    """Show the sign-in form."""
    if current_user.is_authenticated:
        return redirect(url_for("home.show"), code=303)
    return render_template("session/new.html", form=SignInForm(data={"next": _safe_next()}))


@bp.post("")
@permission("public")
@slow_down_sign_ins
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

"""Signing in and out."""

from contextlib import suppress
from ipaddress import ip_address

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.device import device_name
from dashboard.accounts.models import User
from dashboard.accounts.permissions import permission
from dashboard.accounts.sessions import Device, begin, end_session
from dashboard.accounts.sign_in import sign_in
from dashboard.clock import utc_now
from dashboard.errors import NotFound
from dashboard.forms.sign_in import SignInForm
from dashboard.views.addresses import local_address
from dashboard.views.asking import known_reader
from dashboard.views.cookies import HELD_AS
from dashboard.views.throttle import know_device, slow_down_sign_ins
from dashboard.views.ways_in import for_passwords

bp = Blueprint("session", __name__, url_prefix="/session")


def begin_session(user: User, method: str) -> None:
    """Sign `user` in on this browser, by one of `METHODS`, in place of whoever was.

    The cookie begins anew, with another secret for the forms: who planted the old one knows it.
    """
    leave_session()
    session[HELD_AS] = begin(user, method, device=this_device(), now=utc_now())
    know_device(user)


def leave_session() -> None:
    """End the session of this browser, if there is one, and forget what its cookie held."""
    who = known_reader()
    if who is not None:
        # It may have ended meanwhile, by a new password for example.
        with suppress(NotFound):
            end_session(who.id, who.session_id, actor=who.actor, now=utc_now())
    session.clear()


def this_device() -> Device:
    """Return where the request comes from."""
    try:
        address = str(ip_address(request.remote_addr or ""))
    except ValueError:
        address = None
    return Device(device_name(request.user_agent.string), address)


@bp.get("/new")
@permission("public")
def new() -> ResponseReturnValue:
    """Show the sign-in form."""
    if known_reader() is not None:
        return redirect(url_for("home.show"), code=303)
    return render_template("session/new.html", form=SignInForm(data={"next": _safe_next()}))


@bp.post("")
@permission("public")
@for_passwords
@slow_down_sign_ins
def create() -> ResponseReturnValue:
    """Open a session, or say that the two do not match."""
    form = SignInForm()
    form.next.data = _safe_next()
    user = None
    if form.validate_on_submit():
        user = sign_in(form.email.data, form.password.data)
    if user is None:
        refused = not form.errors
        return render_template("session/new.html", form=form, refused=refused), 422
    begin_session(user, "password")
    return redirect(_safe_next() or url_for("home.show"), code=303)


@bp.post("/delete")
@permission("session.use")
def delete() -> ResponseReturnValue:
    """End this session."""
    leave_session()
    flash("You are signed out.")
    return redirect(url_for("session.new"), code=303)


def _safe_next() -> str | None:
    """Return the local path the reader wanted; addresses on other hosts are dropped."""
    return local_address(request.values.get("next", ""))

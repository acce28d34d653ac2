"""Signing in and out."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.factors.passkeys import options_to_check
from dashboard.accounts.permissions import permission
from dashboard.accounts.refusals import refuse_sign_in
from dashboard.accounts.sign_in import sign_in
from dashboard.clock import utc_now
from dashboard.forms.sign_in import SignInForm
from dashboard.transaction import commit
from dashboard.views.addresses import local_address
from dashboard.views.asking import known_reader
from dashboard.views.place import is_here, keep_question, place
from dashboard.views.signing_in import go_on, leave_session, this_device
from dashboard.views.throttle import is_worth_a_row, slow_down_sign_ins
from dashboard.views.ways_in import for_passwords, passwords_are_on

bp = Blueprint("session", __name__, url_prefix="/session")


@bp.get("/new")
@permission("public")
def new() -> ResponseReturnValue:
    """Show the sign-in form."""
    if known_reader() is not None:
        return redirect(url_for("home.show"), code=303)
    return _page(SignInForm(data={"next": _safe_next()}))


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
        if not form.errors:
            _note_refusal(form.email.data)
        return _page(form, refused=not form.errors), 422
    return go_on(user, "password", _safe_next(), typed=form.typed.data)


@bp.post("/delete")
@permission("session.use")
def delete() -> ResponseReturnValue:
    """End this session."""
    leave_session()
    flash("You are signed out.")
    return redirect(url_for("session.new"), code=303)


def _note_refusal(email: str) -> None:
    """Put on record that somebody was not let in; of many, a few."""
    if is_worth_a_row(email):
        refuse_sign_in(email, device=this_device(), now=utc_now())
        # The answer is a refusal, which undoes what it did.
        commit()


def _page(form: SignInForm, *, refused: bool = False) -> str:
    is_offered = is_here() and passwords_are_on()
    options = keep_question(options_to_check((), place())) if is_offered else None
    return render_template("session/new.html", form=form, refused=refused, passkey_options=options)


def _safe_next() -> str | None:
    """Return the local path the reader wanted; addresses on other hosts are dropped."""
    return local_address(request.values.get("next", ""))

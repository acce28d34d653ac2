"""A new password: in place of the one that is known, or by a link."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.people import change_password, person_by_id, set_password
from dashboard.accounts.permissions import permission
from dashboard.accounts.reset import user_of_reset
from dashboard.accounts.sign_in import actor_of
from dashboard.clock import utc_now
from dashboard.errors import BillingError
from dashboard.forms.people import OwnPasswordForm, ResetForm
from dashboard.forms.refused import show_refusal
from dashboard.links import signing_keys
from dashboard.views.access import reader
from dashboard.views.signing_in import begin_session, go_on
from dashboard.views.throttle import slow_down_codes, slow_down_guesses
from dashboard.views.ways_in import for_passwords

bp = Blueprint("password", __name__, url_prefix="/password")


@bp.get("")
@permission("public")
@for_passwords
@slow_down_guesses
def new() -> ResponseReturnValue:
    """Show who followed a link the form for a new password."""
    secret = request.args.get("secret", "")
    user = user_of_reset(secret, signing_keys())
    form = ResetForm(formdata=None, secret=secret)
    return render_template("password/new.html", form=form, person=user)


@bp.post("")
@permission("public")
@for_passwords
@slow_down_guesses
def create() -> ResponseReturnValue:
    """Give who followed a link a new password; every session ends, and one begins."""
    form = ResetForm()
    user = user_of_reset(form.secret.data or "", signing_keys())
    if not form.validate_on_submit():
        return render_template("password/new.html", form=form, person=user), 422
    try:
        set_password(user, form.password.data, actor=actor_of(user), now=utc_now())
    except BillingError as error:
        show_refusal(form, error)
        return render_template("password/new.html", form=form, person=user), 422
    answer = go_on(user, "reset_link")
    flash("The password is changed. You were signed out everywhere else.")
    return answer


@bp.get("/edit")
@permission("session.use")
@for_passwords
def edit() -> ResponseReturnValue:
    """Show the form for one's own password."""
    return render_template("password/edit.html", form=OwnPasswordForm())


@bp.post("/edit")
@permission("session.use")
@for_passwords
@slow_down_codes(lambda: reader().id)
def update() -> ResponseReturnValue:
    """Change one's own password; every other session ends."""
    form, user = OwnPasswordForm(), person_by_id(reader().id, lock=True)
    if not form.validate_on_submit():
        return render_template("password/edit.html", form=form), 422
    try:
        change_password(user, form.old_password.data, form.password.data, now=utc_now())
    except BillingError as error:
        show_refusal(form, error)
        return render_template("password/edit.html", form=form), 422
    begin_session(user, "password", factor=reader().factor)
    flash("The password is changed. You were signed out everywhere else.")
    return redirect(url_for("home.show"), code=303)

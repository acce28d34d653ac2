"""One's own second factors: an app, passkeys and recovery codes."""

from __future__ import annotations

import segno
from flask import Blueprint, flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from dashboard.accounts.factors.code_app import address_of_secret, keep_code_app, new_secret
from dashboard.accounts.factors.held import (
    factors_of,
    remove_code_app,
    remove_passkey,
    take_factors_away,
)
from dashboard.accounts.factors.passkeys import keep_passkey, options_to_add
from dashboard.accounts.factors.recovery import recovery_codes_left, renew_recovery_codes
from dashboard.accounts.factors.sealing import CannotOpen, open_sealed, seal
from dashboard.accounts.locks import lock_user
from dashboard.accounts.models import User
from dashboard.accounts.people import person_by_id
from dashboard.accounts.permissions import permission
from dashboard.accounts.sessions import note_factor
from dashboard.clock import utc_now
from dashboard.errors import BillingError, Conflict
from dashboard.extensions import current_config
from dashboard.forms.factors import CodeForm, NewPasskeyForm
from dashboard.forms.refused import show_refusal
from dashboard.links import signing_keys
from dashboard.views.access import current_actor, reader
from dashboard.views.place import is_here, keep_question, place, take_question

bp = Blueprint("factors", __name__)
# Under which the cookie holds the sealed secret of an app that is being set up.
NEW_APP = "new_app"


@bp.get("/factors")
@permission("factor.manage")
def index() -> ResponseReturnValue:
    """List one's own second factors."""
    return render_template(
        "factors/index.html", factors=factors_of(reader().id), is_needed=is_needed()
    )


@bp.get("/factors/app/new")
@permission("factor.manage")
def new_app() -> ResponseReturnValue:
    """Show the secret of a new app, to be scanned."""
    session[NEW_APP] = seal(new_secret(), signing_keys())
    return _app_page(CodeForm())


@bp.post("/factors/app")
@permission("factor.manage")
def create_app() -> ResponseReturnValue:
    """Keep the app that shows this code."""
    form, user = CodeForm(), _oneself()
    if not form.validate_on_submit():
        return _app_page(form), 422
    try:
        keys = signing_keys()
        keep_code_app(user, _new_secret(), form.code.data, keys=keys, now=utc_now())
    except BillingError as error:
        show_refusal(form, error)
        return _app_page(form), 422
    session.pop(NEW_APP, None)
    return _added(user, "app")


@bp.post("/factors/app/delete")
@permission("factor.manage")
def delete_app() -> ResponseReturnValue:
    """Ask for no codes of the app any more."""
    remove_code_app(_oneself(), is_needed=is_needed(), now=utc_now())
    flash("The app is removed. Its codes are no longer required.")
    return redirect(url_for("factors.index"), code=303)


@bp.get("/factors/passkeys/new")
@permission("factor.manage")
def new_passkey() -> ResponseReturnValue:
    """Ask the browser for a passkey."""
    return _passkey_page(NewPasskeyForm())


@bp.post("/factors/passkeys")
@permission("factor.manage")
def create_passkey() -> ResponseReturnValue:
    """Keep the passkey that the browser made."""
    form, user, asked = NewPasskeyForm(), _oneself(), take_question()
    if not form.validate_on_submit():
        return _passkey_page(form), 422
    answer, name = form.credential.data, form.name.data or ""
    try:
        keep_passkey(user, answer, name, challenge=asked.challenge, place=place(), now=utc_now())
    except BillingError as error:
        show_refusal(form, error, otherwise="name")
        return _passkey_page(form), 422
    return _added(user, "passkey")


@bp.post("/factors/passkeys/<int:passkey_id>/delete")
@permission("factor.manage")
def delete_passkey(passkey_id: int) -> ResponseReturnValue:
    """Remove a passkey."""
    remove_passkey(_oneself(), passkey_id, is_needed=is_needed(), now=utc_now())
    flash("The passkey is removed.")
    return redirect(url_for("factors.index"), code=303)


@bp.post("/factors/recovery-codes")
@permission("factor.manage")
def renew_codes() -> ResponseReturnValue:
    """Make new recovery codes and show them, this once."""
    if not factors_of(reader().id):
        raise Conflict("Without a second factor there is nothing to recover. Nothing was changed.")
    return _codes_page(_oneself())


@bp.post("/people/<int:user_id>/factor-resets")
@permission("people.manage")
def reset(user_id: int) -> ResponseReturnValue:
    """Take the second factors from somebody who lost them, and sign them out everywhere."""
    user = person_by_id(user_id, lock=True)
    take_factors_away(user, actor=current_actor(), now=utc_now())
    flash(f"{user.name} now has no second factor and is signed out everywhere.")
    return redirect(url_for("people.show", user_id=user_id), code=303)


def is_needed() -> bool:
    """Whether the reader's role has to show a second factor."""
    config = current_config()
    return reader().role in config.roles_with_factor


def _oneself() -> User:
    user = person_by_id(reader().id)
    lock_user(user.id)
    return user


def _added(user: User, factor: str) -> ResponseReturnValue:
    """Count the new factor as shown in this session; with the first come recovery codes."""
    note_factor(reader().session_id, factor, now=utc_now())
    if not recovery_codes_left(user.id):
        return _codes_page(user)
    flash("It is required from your next sign-in on.")
    return redirect(url_for("factors.index"), code=303)


def _codes_page(user: User) -> ResponseReturnValue:
    codes = renew_recovery_codes(user, now=utc_now())
    return render_template("factors/recovery_codes.html", codes=codes), 201


def _app_page(form: CodeForm) -> str:
    secret = _new_secret()
    picture = segno.make(address_of_secret(secret, reader().email), error="m").svg_inline(
        scale=5, light="white", svgclass=None, lineclass=None
    )
    return render_template(
        "factors/app.html",
        form=form,
        secret=secret,
        picture=Markup(picture),  # noqa: S704  drawn by the library, of an address that it encoded
    )


def _passkey_page(form: NewPasskeyForm) -> str:
    # Nobody is locked to look at a page.
    options = keep_question(options_to_add(person_by_id(reader().id), place()))
    return render_template(
        "factors/passkey.html",
        form=form,
        options=options if is_here() else None,
        place=place(),
    )


def _new_secret() -> str:
    try:
        return open_sealed(session.get(NEW_APP, ""), signing_keys())
    except CannotOpen:
        raise Conflict(
            "Another setup of the app was started. Nothing was changed. Start over."
        ) from None

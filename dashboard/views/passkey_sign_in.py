"""Signing in by a passkey alone: the device knows whose it is, and asked them itself."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.factors.passkeys import who_signed
from dashboard.accounts.permissions import permission
from dashboard.clock import utc_now
from dashboard.forms.factors import PasskeyForm
from dashboard.views.addresses import local_address
from dashboard.views.place import place, take_question
from dashboard.views.signing_in import begin_session, where_to
from dashboard.views.throttle import count_as_wrong, slow_down_guesses
from dashboard.views.ways_in import for_passwords

bp = Blueprint("passkey_sign_in", __name__, url_prefix="/session/passkeys")


@bp.post("")
@permission("public")
@for_passwords
@slow_down_guesses
def create() -> ResponseReturnValue:
    """Open a session for whose passkey signed, or say that none did."""
    form = PasskeyForm()
    wanted = local_address(form.next.data or "")
    answer, question = form.credential.data or "", take_question()
    user = who_signed(answer, question, place=place(), now=utc_now())
    if user is None:
        count_as_wrong()
        flash("That passkey does not belong to an account here. You are not signed in.", "error")
        return redirect(url_for("session.new", next=wanted), code=303)
    begin_session(user, "passkey", factor="passkey")
    return redirect(where_to(wanted), code=303)

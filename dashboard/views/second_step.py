"""The second step of signing in: a code or a passkey, of who has one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

from flask import Blueprint, flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.factors.held import check_code, factors_of
from dashboard.accounts.factors.passkeys import options_to_check, passkeys_of, who_signed
from dashboard.accounts.locks import lock_user
from dashboard.accounts.models import User
from dashboard.accounts.permissions import permission
from dashboard.accounts.sessions import note_factor
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.forms.factors import CodeForm, PasskeyForm
from dashboard.links import signing_keys
from dashboard.views.asking import known_reader
from dashboard.views.place import is_here, keep_question, place, take_question
from dashboard.views.signing_in import FIRST_STEP, let_in, where_to
from dashboard.views.throttle import slow_down_codes

bp = Blueprint("second_step", __name__, url_prefix="/session/second-step")
LIFE_SECONDS = 600


class FirstStep(NamedTuple):
    """Who has shown that they are `user`, how, and where they want to go."""

    user: User
    method: str
    wanted: str | None
    typed: str | None = None
    session_id: int | None = None


@bp.get("")
@permission("public")
def new() -> ResponseReturnValue:
    """Ask for a code or a passkey."""
    step = _first_step(lambda user_id: db.session.get(User, user_id))
    return _asked(step, CodeForm()) if step else _from_the_start()


@bp.post("")
@permission("public")
@slow_down_codes(lambda: _whose())
def create() -> ResponseReturnValue:
    """Take a code."""
    step, form = _first_step(), CodeForm()
    if step is None:
        return _from_the_start()
    factor = None
    if form.validate_on_submit():
        typed = form.code.data
        factor = check_code(step.user, typed, keys=signing_keys(), now=utc_now())
        if factor is None:
            form.code.errors = [
                "That code is wrong or already used. You are not signed in. Wait for the next code."
            ]
    return _done(step, factor) if factor else (_asked(step, form), 422)


@bp.post("/passkey")
@permission("public")
@slow_down_codes(lambda: _whose())
def sign() -> ResponseReturnValue:
    """Take the answer of a passkey."""
    step, form = _first_step(), PasskeyForm()
    if step is None:
        return _from_the_start()
    question, answer = take_question(), form.credential.data or ""
    user = who_signed(answer, question, place=place(), now=utc_now())
    if user is None or user.id != step.user.id:
        flash("That passkey was not accepted. You are not signed in. Try again.", "error")
        return _asked(step, CodeForm(formdata=None)), 422
    return _done(step, "passkey")


def _done(step: FirstStep, factor: str) -> ResponseReturnValue:
    if step.session_id is not None:
        note_factor(step.session_id, factor, now=utc_now())
        return redirect(where_to(step.wanted), code=303)
    return let_in(step.user, step.method, step.wanted, factor=factor, typed=step.typed)


def _asked(step: FirstStep, form: CodeForm) -> str:
    found = passkeys_of(step.user.id)
    options = keep_question(options_to_check(found, place())) if found and is_here() else None
    return render_template(
        "session/second_step.html",
        form=form,
        factors=factors_of(step.user.id),
        options=options,
        place=place(),
    )


def _first_step(find: Callable[[int], User | None] = lock_user) -> FirstStep | None:
    """Return who is to show a factor: after the first step, or signed in without one."""
    held: dict[str, Any] = session.get(FIRST_STEP) or {}
    if held and time.time() - held["at"] < LIFE_SECONDS:
        user = find(held["id"])
        # A new password meanwhile, or the end of their access, ends this too.
        if user is not None and user.is_active and user.link_version == held["version"]:
            return FirstStep(user, held["method"], held["next"], held["typed"])
    who = known_reader()
    user = find(who.id) if who is not None and who.factor is None else None
    if who is None or user is None or not factors_of(user.id):
        return None
    return FirstStep(user, "", None, session_id=who.session_id)


def _whose() -> int | None:
    """Return whose codes are tried, as far as the cookie says."""
    held, who = session.get(FIRST_STEP) or {}, known_reader()
    return held.get("id") or (who.id if who else None)


def _from_the_start() -> ResponseReturnValue:
    if known_reader() is not None:
        return redirect(url_for("home.show"), code=303)
    flash(
        "That took too long, or your password changed. You are not signed in. Sign in again.",
        "error",
    )
    return redirect(url_for("session.new"), code=303)

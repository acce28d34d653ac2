"""Where one is signed in: listed, and ended one by one or all at once."""

from flask import Blueprint, current_app, flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.people import person_by_id
from dashboard.accounts.permissions import permission
from dashboard.accounts.sessions import Life, end_session, end_sessions, open_sessions
from dashboard.clock import utc_now
from dashboard.views.access import current_actor, reader

bp = Blueprint("sessions", __name__)


@bp.get("/sessions")
@permission("session.use")
def index() -> ResponseReturnValue:
    """List where one is signed in."""
    found = open_sessions(reader().id, session_life(), now=utc_now())
    return render_template("sessions/index.html", sessions=found, this=reader().session_id)


@bp.post("/sessions/<int:session_id>/delete")
@permission("session.use")
def delete(session_id: int) -> ResponseReturnValue:
    """Sign out somewhere else, or here."""
    who = reader()
    ended = end_session(who.id, session_id, actor=who.actor, now=utc_now())
    if ended.id == who.session_id:
        return _leave("You are signed out.")
    flash(f"{ended.device} is signed out.")
    return redirect(url_for("sessions.index"), code=303)


@bp.post("/sessions/delete")
@permission("session.use")
def delete_all() -> ResponseReturnValue:
    """Sign out everywhere, here too."""
    who = reader()
    end_sessions(person_by_id(who.id, lock=True), actor=who.actor, now=utc_now())
    return _leave("You are signed out everywhere.")


@bp.post("/people/<int:user_id>/sessions/<int:session_id>/delete")
@permission("people.manage")
def end(user_id: int, session_id: int) -> ResponseReturnValue:
    """Sign somebody out in one place."""
    ended = end_session(user_id, session_id, actor=current_actor(), now=utc_now())
    flash(f"{ended.device} is signed out.")
    return redirect(url_for("people.show", user_id=user_id), code=303)


@bp.post("/people/<int:user_id>/sessions/delete")
@permission("people.manage")
def end_all(user_id: int) -> ResponseReturnValue:
    """Sign somebody out everywhere."""
    user = person_by_id(user_id, lock=True)
    end_sessions(user, actor=current_actor(), now=utc_now())
    flash(f"{user.name} is signed out everywhere.")
    return redirect(url_for("people.show", user_id=user_id), code=303)


def session_life() -> Life:
    """Return how long people stay signed in."""
    life: Life = current_app.extensions["session_life"]
    return life


def _leave(sentence: str) -> ResponseReturnValue:
    session.clear()
    flash(sentence)
    return redirect(url_for("session.new"), code=303)

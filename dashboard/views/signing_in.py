"""A session begins, in one step or two, and is left."""

from __future__ import annotations

import time
from contextlib import suppress

from flask import g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.device import device_name
from dashboard.accounts.factors.held import factors_of
from dashboard.accounts.models import User
from dashboard.accounts.sessions import Device, begin, end_session
from dashboard.callers import address_in
from dashboard.clock import utc_now
from dashboard.errors import NotFound
from dashboard.views.addresses import kept_address
from dashboard.views.asking import known_reader
from dashboard.views.cookies import HELD_AS
from dashboard.views.throttle import know_device
from dashboard.views.typed import Typed, keep_typed

# Under which the cookie holds who has taken the first step.
FIRST_STEP = "first_step"
# The cookie takes no more of what was typed before; browsers drop one of more than four kilobytes.
MOST_TYPED = 1500


def go_on(
    user: User,
    method: str,
    wanted: str | None = None,
    *,
    factor: str | None = None,
    typed: str | None = None,
) -> ResponseReturnValue:
    """Sign `user` in by one of `METHODS`, once they have shown a second factor if they have one.

    `factor` is one that they have shown already; `wanted` is where they want to go, and `typed`
    what they had typed there.
    """
    if factor is not None or not factors_of(user.id):
        return let_in(user, method, wanted, factor=factor, typed=typed)
    session[FIRST_STEP] = {
        "id": user.id,
        "version": user.link_version,
        "method": method,
        "next": kept_address(wanted),
        "typed": typed if typed and len(typed) <= MOST_TYPED else None,
        "at": time.time(),
    }
    return redirect(url_for("second_step.new"), code=303)


def let_in(
    user: User,
    method: str,
    wanted: str | None,
    *,
    factor: str | None = None,
    typed: str | None = None,
) -> ResponseReturnValue:
    """Sign `user` in and lead them to the page they `wanted`, with what they had `typed` on it."""
    begin_session(user, method, factor=factor)
    who, kept = known_reader(), Typed.read(typed or "")
    if who is not None and kept is not None:
        keep_typed(who, kept)
        wanted = kept.page
    return redirect(where_to(wanted), code=303)


def begin_session(user: User, method: str, *, factor: str | None = None) -> None:
    """Sign `user` in on this browser, by one of `METHODS`, in place of whoever was.

    `factor` is the second factor that they showed.

    The cookie begins anew, with another secret for the forms: who planted the old one knows it.
    """
    leave_session()
    session[HELD_AS] = begin(user, method, device=this_device(), factor=factor, now=utc_now())
    g.pop("reader", None)
    know_device(user)


def where_to(wanted: str | None) -> str:
    """Return the address that somebody wanted before they signed in, or that of their home."""
    return wanted or url_for("home.show")


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
    return Device(device_name(request.user_agent.string), address_in(request.remote_addr))

"""What somebody typed into a form that could not be taken yet: kept while they sign in.

It travels with the sign-in form, is kept in the session that begins, and fills the form in again on
the page that it was typed on. Nothing is kept for who is not signed in, and nothing is sent for
anybody: they look at it and press the button.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from flask import flash, g, request, session
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

from dashboard.accounts.identity import Identity
from dashboard.accounts.kept import keep, take
from dashboard.text import storable
from dashboard.views.addresses import here, local_address

# The field of every form that says which page it is on.
FROM = "from_page"
# The page whose form is to be filled in, in the cookie.
WAITS = "typed_on"
MOST_CHARACTERS = 32_000
NEVER_KEPT = {"csrf_token", "proof", "again", "secret", FROM}
STILL_HERE = "Your text is still here. Check it, then send it again."


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields of a form and the page it is on."""

    page: str
    fields: list[tuple[str, str]]

    @property
    def text(self) -> str:
        """This as one field of the sign-in form."""
        return json.dumps([self.page, self.fields])

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return what such a field holds; None of what is no such text, too long or elsewhere."""
        if not text or len(text) > MOST_CHARACTERS:
            return None
        try:
            page, fields = json.loads(text)
            pairs = [(_stored(name), _stored(value)) for name, value in fields]
        except (ValueError, TypeError, RecursionError):
            return None
        local = local_address(page) if isinstance(page, str) else None
        return cls(local, pairs) if local else None


def page_of_form() -> str | None:
    """Return the page that the present form is on, None if it does not say so."""
    told = _form().get(FROM) or _path_of(request.referrer)
    return local_address(told) if told else None


def form_page() -> str:
    """Return the page that a form of this answer is on: this one, or where it was typed before."""
    if "form_page" not in g:
        g.form_page = (page_of_form() or "") if request.method == "POST" else here()
    found: str = g.form_page
    return found


def typed_now() -> Typed | None:
    """Return what the present form holds, None if it may be of somebody else's making.

    Another site can send a form of ours, filled in as it likes, but not as one of our pages.
    """
    page = page_of_form()
    if page is None or not _is_from_here():
        return None
    typed = Typed(page, typed_fields())
    return typed if len(typed.text) <= MOST_CHARACTERS else None


def typed_fields() -> list[tuple[str, str]]:
    """Return the fields of the present form, without passwords and what is the form's own."""
    return [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name not in NEVER_KEPT and "password" not in name
    ]


def keep_typed(who: Identity, typed: Typed) -> None:
    """Keep what was typed until its page is shown to `who`."""
    if typed.fields:
        keep(who.session_id, typed.fields)
        session[WAITS] = urlsplit(typed.page).path
        flash(STILL_HERE)


def fill_in(who: Identity) -> None:
    """Let the forms of this page be filled in with what was typed on it, if this is the one.

    Who goes elsewhere first has given it up.
    """
    page, fields = session.pop(WAITS), take(who.session_id)
    if page == request.script_root + request.path:
        g.typed = MultiDict(fields)


def typed(name: str) -> str:
    """Return what was typed into a field of this page, for those that are of no form object."""
    found: MultiDict[str, str] = g.get("typed") or MultiDict()
    return found.get(name, "")


def page_beneath() -> str | None:
    """Return the page that a fragment was asked from."""
    told = _path_of(request.headers.get("HX-Current-URL"))
    return local_address(told) if told else None


def _form() -> Mapping[str, str]:
    """Return the form; of a refused body nothing: the page that says so has forms too."""
    try:
        return request.form
    except HTTPException:
        return {}


def _stored(text: object) -> str:
    return str(storable(str(text), 1))


def _is_from_here() -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = urlsplit(request.headers.get("Origin", ""))
    # A proxy may leave out the port.
    return origin.hostname == urlsplit(f"//{request.host}").hostname


def _path_of(address: str | None) -> str | None:
    """Return path and query of an address on this host; None of any other."""
    try:
        parts = urlsplit(address or "")
        is_here = parts.hostname == urlsplit(f"//{request.host}").hostname
    except ValueError:
        return None
    return parts._replace(scheme="", netloc="", fragment="").geturl() if is_here else None

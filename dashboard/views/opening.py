"""Views whose first statement also says who asks: the guard runs it, the view finds the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import current_app, g, request

from dashboard.accounts.identity import Identity, identity_of
from dashboard.extensions import db
from dashboard.organizations.lookup import unknown
from dashboard.reading.opening import Draft, Opened
from dashboard.reading.rows import BilledOrganization
from dashboard.text import unprintable

View = TypeVar("View", bound=Callable[..., Any])
Opening = Callable[[str, str], Opened]


def opens(read: Opening) -> Callable[[View], View]:
    """Mark a view of an organization that only reads, and begins with `read`."""

    def mark(view: View) -> View:
        view.opening = read  # type: ignore[attr-defined]  # read back by load_reader
        return view

    return mark


def load_reader(session_key: str) -> Identity | None:
    """Return the user of a session; what the view asks for is read along where it says so."""
    view = current_app.view_functions.get(str(request.endpoint))
    read: Opening | None = getattr(view, "opening", None)
    slug = (request.view_args or {}).get("slug", "")
    # An address that is refused unread still has a reader, who is shown why.
    if read is None or unprintable(slug):
        return identity_of(session_key)
    # Each statement sees what is committed, in a transaction or not; so none is begun and ended.
    if not db.session().in_transaction():
        db.session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
    found = g.opened = read(session_key, slug)
    return found.reader


def opened(slug: str) -> tuple[BilledOrganization, Draft | None]:
    """Return what the first statement found for the reader; only in views that `opens` marks.

    Raises `NotFound` for an organization that is none.
    """
    found: Opened = g.get("opened", Opened())
    if found.organization is None:
        raise unknown(slug)
    return found.organization, found.draft

"""Views whose first statement also says who asks: the guard runs it, the view finds the rest."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from flask import current_app, g, request

from dashboard.accounts.identity import Identity, identity_of
from dashboard.accounts.sessions import SessionKey
from dashboard.billing.fold import count_now
from dashboard.clock import utc_now
from dashboard.organizations.lookup import unknown
from dashboard.reading.opening import Draft, Opened
from dashboard.reading.rows import BilledOrganization
from dashboard.statement import may_write, only_read
from dashboard.text import unprintable
from dashboard.transaction import commit

View = TypeVar("View", bound=Callable[..., Any])
Opening = Callable[[SessionKey, str], Opened]


def opens(read: Opening) -> Callable[[View], View]:
    """Mark a view of an organization that only reads, and begins with `read`."""

    def mark(view: View) -> View:
        view.opening = read  # type: ignore[attr-defined]  # read back by load_reader
        return view

    return mark


def load_reader(key: SessionKey) -> Identity | None:
    """Return the user of a session; what the view asks for is read along where it says so."""
    view = current_app.view_functions.get(str(request.endpoint))
    read: Opening | None = getattr(view, "opening", None)
    slug = (request.view_args or {}).get("slug", "")
    # An address that is refused unread still has a reader, who is shown why.
    if read is None or unprintable(slug):
        return identity_of(key)
    only_read()
    g.read_again = partial(read, key, slug)
    found: Opened = g.read_again()
    g.opened = found
    return found.reader


def opened(slug: str) -> tuple[BilledOrganization, Draft | None]:
    """Return what the first statement found for the reader; only in views that `opens` marks.

    All usage that was accepted before is on the bill. Raises `NotFound` for an organization that
    is none.
    """
    found: Opened = g.get("opened", Opened())
    if found.draft is not None and found.draft.around.has_waiting:
        found = _counted(found.draft)
    if found.organization is None:
        raise unknown(slug)
    return found.organization, found.draft


def _counted(draft: Draft) -> Opened:
    """Put on the bill what was accepted and is not there yet, and read it again."""
    may_write()
    count_now(draft.invoice.organization_id, now=utc_now())
    commit()
    again: Opened = g.read_again()
    return again

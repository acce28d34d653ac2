"""Which rows of a list the address asks for."""

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlencode

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.ids import read_id
from dashboard.paging import FIRST, LAST, NoSuchPage, Place, Sort, Turn

Where = TypeVar("Where")


# What of an address says which rows of a list are shown, and not which list.
PLACES = frozenset({"after", "before", "page"})


def page_number() -> int:
    """Return `page` from the address, 1 when it is missing; raises `NoSuchPage` for nonsense."""
    number = read_id(request.args.get("page", "1"))
    if number is None:
        raise NoSuchPage
    return min(number, 100_000)


def turn(sort: Sort) -> Turn:
    """Return which rows `after` or `before` a place in the address ask for.

    After is above its value and before below it, in whichever order the list is shown. Either
    without a place asks for that end of the list. Raises `NoSuchPage` for what is no place, and
    for a number, which pages had once.
    """
    if "page" in request.args:
        raise NoSuchPage
    for name, end in (("before", LAST), ("after", FIRST)):
        text = request.args.get(name)
        if text is not None:
            place = read_place(text, Place.read)
            return Turn(place, end.is_back) if place else end
    return sort.beginning


def read_place(text: str, read: Callable[[str], Where | None]) -> Where | None:
    """Return the place that a text names, None for an empty one; raises `NoSuchPage` otherwise."""
    place = read(text) if text else None
    if text and place is None:
        raise NoSuchPage
    return place


def on_no_such_page(error: NoSuchPage) -> ResponseReturnValue:
    """Show the list from its beginning, and say that it is."""
    flash(error.message, "notice")
    kept = [(name, one) for name, one in request.args.items(multi=True) if name not in PLACES]
    address = url_for(str(request.endpoint), **(request.view_args or {}))
    return redirect(f"{address}?{urlencode(kept)}" if kept else address, code=303)


def turned(turn: Turn, sort: Sort) -> dict[str, str]:
    """Return what of an address asks for these rows."""
    if turn == sort.beginning:
        return {}
    return {"before" if turn.is_back else "after": str(turn.place or "")}

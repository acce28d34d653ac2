"""Which page of a list the address asks for."""

from flask import request

from dashboard.ids import read_id
from dashboard.paging import Place, Turn


def page_number() -> int:
    """Return `page` from the address, 1 when it is missing or nonsense."""
    return min(max(request.args.get("page", 1, type=int), 1), 100_000)


def before_id() -> int | None:
    """Return `before` from the address: show rows older than this id."""
    return read_id(request.args.get("before", ""))


def turn() -> Turn:
    """Return which rows of a list by name `after` or `before` in the address ask for.

    `before` without a place asks for the last ones; what is no place, for the first.
    """
    back = request.args.get("before")
    if back is not None:
        place = Place.read(back)
        return Turn(place, is_back=True) if place or not back else Turn()
    return Turn(Place.read(request.args.get("after", "")))


def turned(turn: Turn) -> dict[str, str]:
    """Return what of an address asks for these rows."""
    if turn.is_back:
        return {"before": str(turn.place or "")}
    return {"after": str(turn.place)} if turn.place else {}

"""Which rows of a list the address asks for."""

from flask import request

from dashboard.paging import FIRST, LAST, Place, Sort, Turn


def page_number() -> int:
    """Return `page` from the address, 1 when it is missing or nonsense."""
    return min(max(request.args.get("page", 1, type=int), 1), 100_000)


def turn(sort: Sort) -> Turn:
    """Return which rows `after` or `before` a place in the address ask for.

    After is above its value and before below it, in whichever order the list is shown. Either
    without a place asks for that end of the list; what is no place, for its beginning.
    """
    for name, end in (("before", LAST), ("after", FIRST)):
        text = request.args.get(name)
        if text is not None:
            place = Place.read(text)
            if place is None:
                return sort.beginning if text else end
            return Turn(place, end.is_back)
    return sort.beginning


def turned(turn: Turn, sort: Sort) -> dict[str, str]:
    """Return what of an address asks for these rows."""
    if turn == sort.beginning:
        return {}
    return {"before" if turn.is_back else "after": str(turn.place or "")}

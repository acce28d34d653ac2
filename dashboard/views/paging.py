"""Which page of a list the address asks for."""

from flask import request

from dashboard.ids import read_id


def page_number() -> int:
    """Return `page` from the address, 1 when it is missing or nonsense."""
    return min(max(request.args.get("page", 1, type=int), 1), 100_000)


def before_id() -> int | None:
    """Return `before` from the address: show rows older than this id."""
    return read_id(request.args.get("before", ""))

"""Which page of a list the address asks for."""

from flask import request

HIGHEST = 2**63 - 1


def page_number() -> int:
    """Return `page` from the address, 1 when it is missing or nonsense."""
    return min(max(request.args.get("page", 1, type=int), 1), 100_000)


def before_id() -> int | None:
    """Return `before` from the address: show rows older than this id."""
    before = request.args.get("before", type=int)
    return before if before is not None and 0 < before < HIGHEST else None

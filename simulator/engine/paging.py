"""Stripe's cursor paging: limit 1 to 100 (10 unless told), starting_after, ending_before."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from simulator.engine.errors import invalid, missing
from simulator.engine.store import Record

DEFAULT_LIMIT = 10
LARGEST_LIMIT = 100


def page(
    records: Sequence[Record],
    params: Record,
    *,
    url: str,
    render: Callable[[Record], Record],
    name: Callable[[Record], str] = lambda record: str(record["id"]),
) -> Record:
    """Return one list object; `records` are in the order the endpoint lists them.

    Raises 400 for a limit out of bounds, both cursors at once, or an unknown cursor.
    """
    limit = params.get("limit", DEFAULT_LIMIT)
    if not 1 <= limit <= LARGEST_LIMIT:
        raise invalid(f"Invalid limit: {limit}. It must be between 1 and 100.", param="limit")
    after, before = params.get("starting_after"), params.get("ending_before")
    if after and before:
        raise invalid(
            "You may only specify one of these parameters: starting_after, ending_before."
        )
    if before:
        rest = records[: _position(records, before, "ending_before", name)]
        chosen, has_more = rest[-limit:], len(rest) > limit
    else:
        start = _position(records, after, "starting_after", name) + 1 if after else 0
        chosen, has_more = records[start : start + limit], len(records) > start + limit
    data = [render(record) for record in chosen]
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def within(value: int, bounds: int | Record | None) -> bool:
    """Return whether a time fits `created` or `due_date`: a second, or gt / gte / lt / lte."""
    if bounds is None:
        return True
    if isinstance(bounds, int):
        return value == bounds
    lowest = max(bounds.get("gt", value - 1) + 1, bounds.get("gte", value))
    highest = min(bounds.get("lt", value + 1) - 1, bounds.get("lte", value))
    return bool(lowest <= value <= highest)


def _position(
    records: Sequence[Record], cursor: str, param: str, name: Callable[[Record], str]
) -> int:
    for position, record in enumerate(records):
        if name(record) == cursor:
            return position
    raise missing("object", cursor, param=param, status=400)

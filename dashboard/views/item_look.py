"""How the items of a bill are looked at, as the page's address says: ?open=servers&sort=name&q=…"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import request

from dashboard.bounds import QUERY_BYTES, QUERY_PARTS, SEARCH
from dashboard.reading.groups import ALL, Look

BY_NAME = "name"
# Of the keys of open groups, in an address; with more it is shorter to say that all are.
MOST_OPENED = 2_000


def look_asked(*, for_staff: bool) -> Look:
    """Return how the address asks for the items."""
    return look_of(request.args, for_staff=for_staff)


def look_of_page(*, for_staff: bool) -> Look:
    """Return how the page that asks to be refreshed shows the items.

    A refresh has an address of its own and tells that of its page, where groups may have been
    opened since it was loaded.
    """
    page = request.headers.get("HX-Current-URL")
    return look_of(request.args if page is None else _query(page), for_staff=for_staff)


def look_of(asked: Mapping[str, str], *, for_staff: bool) -> Look:
    """Return what the parts of a query ask for; what Stripe has is only for our own people."""
    opened = asked.get("open", "")[:MOST_OPENED]
    return Look(
        opened=frozenset(filter(None, opened.split(","))),
        by_name=asked.get("sort") == BY_NAME,
        text=asked.get("q", "").strip()[:SEARCH],
        only_differing=for_staff and asked.get("differs") == "1",
        with_undone=for_staff and asked.get("reversed") == "1",
    )


def query_of(look: Look) -> str:
    """Return the query that asks for `look`, with its question mark; nothing for the usual one."""
    parts = {
        "open": _opened(look.opened),
        "sort": BY_NAME if look.by_name else "",
        "q": look.text,
        "differs": "1" if look.only_differing else "",
        "reversed": "1" if look.with_undone else "",
    }
    asked = urlencode({name: value for name, value in parts.items() if value}, safe=",/")
    return f"?{asked}" if asked else ""


def _opened(keys: Iterable[str]) -> str:
    joined = ",".join(sorted(keys))
    return joined if len(joined) <= MOST_OPENED else ALL


def _query(address: str) -> dict[str, str]:
    """Return the query of an address that a browser told; nothing of one that cannot be read."""
    if len(address) > QUERY_BYTES:
        return {}
    try:
        parts = parse_qsl(urlsplit(address).query, max_num_fields=QUERY_PARTS)
    except ValueError:
        return {}
    # Of several of one name the first counts, as in an address that is asked for.
    return dict(reversed(parts))

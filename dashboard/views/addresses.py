"""What an address may hold; everything else is refused before any view or query sees it."""

from typing import Any
from urllib.parse import quote

from flask import Flask, abort, request
from werkzeug.routing import IntegerConverter, Map
from werkzeug.urls import iri_to_uri

from dashboard.errors import Invalid
from dashboard.ids import HIGHEST_ID, ID_PATTERN
from dashboard.text import unprintable

# Of an address that is led back to: longer ones are no pages of ours.
LONGEST = 2000
# Of one that waits in a cookie, beside others: browsers drop a cookie of more than four kilobytes.
LONGEST_KEPT = 500
UNREADABLE = (
    "The address holds a character that cannot be read. Nothing was changed. "
    "Check the address, or search for it."
)


class IdConverter(IntegerConverter):
    """`<int:…>`, of numbers that a row can have; others name nothing, so they are not found."""

    regex = ID_PATTERN

    def __init__(self, of: Map, **options: Any) -> None:
        super().__init__(of, **({"max": HIGHEST_ID} | options))


def register_addresses(app: Flask) -> None:
    """Bound the numbers in all addresses, those of the API too; must come before any route."""
    app.url_map.converters["int"] = IdConverter
    # "//host" is another host to a browser: no redirect is made of it, it is simply not found.
    app.url_map.merge_slashes = False
    app.before_request(refuse_unreadable)


def refuse_unreadable() -> None:
    """Refuse NUL, which PostgreSQL cannot compare with anything, and a path of two slashes.

    Of those Werkzeug takes all but one off: `//readyz` would be a page that the front hides.
    """
    if "\0" in request.path or request.environ["PATH_INFO"].startswith("//"):
        abort(404)
    if any("\0" in value for value in request.args.values()):
        raise Invalid(UNREADABLE)


def local_address(text: str) -> str | None:
    """Return `text` if it is a path of ours, which a form may lead back to; None if not.

    Whatever leads where somebody's request says goes through here.
    """
    root = request.script_root
    # Browsers drop tabs and line breaks: "/<tab>/host" is another host to them.
    if not text.startswith(f"{root}/") or len(text) > LONGEST or unprintable(text) is not None:
        return None
    return None if text.removeprefix(root).startswith(("//", "/\\")) else text


def kept_address(text: str | None) -> str | None:
    """Return an address if the cookie has room for it; who wanted a longer one comes home."""
    return text if text and len(text) <= LONGEST_KEPT else None


def own_address(text: str | None) -> str | None:
    """Return an address that this very host was asked by; None for any other."""
    return text if text is not None and text.startswith(request.host_url) else None


def here() -> str:
    """Return the path and query of this request, encoded as it may stand in a page."""
    query = iri_to_uri(request.full_path.removeprefix(request.path).rstrip("?"))
    return quote(request.script_root + request.path) + query

"""What htmx asks and what it is answered with."""

from collections.abc import Callable

from flask import Response, make_response, request

PANEL = "div#panel-body"
# What else than its address an answer depends on.
VARIANTS = ("HX-Request", "HX-Target", "Cookie")


def is_htmx() -> bool:
    """Whether htmx wants a fragment; restoring history wants the whole page."""
    asked = request.headers.get("HX-Request") == "true"
    return asked and request.headers.get("HX-History-Restore-Request") != "true"


def is_for_panel() -> bool:
    """Whether the answer goes into the side panel."""
    return is_htmx() and request.headers.get("HX-Target") == PANEL


def live(tag: str, render: Callable[[], str]) -> Response:
    """Return 304 if the reader already holds the state named `tag`, otherwise the fragment.

    `tag` must change with whatever the fragment shows; equal tags skip the rendering.
    """
    if request.headers.get("HX-PTag") == tag:
        response = Response(status=304)
    else:
        response = make_response(render())
    response.headers["HX-PTag"] = tag
    return response


def leave_panel(response: Response) -> Response:
    """Lead the whole page to where a form in the panel redirects; the panel would follow alone."""
    if is_for_panel() and response.status_code in (302, 303):
        response.headers["HX-Redirect"] = response.headers.pop("Location")
        response.status_code = 204
    return response


def mark_variants(response: Response) -> Response:
    """Keep pages out of caches, and an address's fragments apart from its page."""
    response.headers.setdefault("Cache-Control", "no-store")
    if "Vary" in response.headers:
        response.vary.update(VARIANTS)
    else:
        response.headers["Vary"] = ", ".join(VARIANTS)
    return response

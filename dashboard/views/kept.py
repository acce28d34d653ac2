"""Small pieces of pages that depend on their arguments alone: rendered once, then kept.

A page shows dozens of icons and states, and the places of the sidebar twice. Their markup stays in
`templates/components`; what differs between requests, a reader or a token, must not be in it.
"""

from collections.abc import Callable
from functools import lru_cache

from flask import Flask, current_app, request
from markupsafe import Markup

# Of every state with its word and every icon; Stripe's own words of corrections may add to them.
MOST = 512
KEPT = {
    "icon": "components/icon.html",
    "status": "components/status.html",
    "places": "components/places.html",
    "place_keys": "components/places.html",
}


def register_kept(app: Flask) -> None:
    """Give the templates the kept pieces under the names of their macros."""
    app.jinja_env.globals.update({name: kept(name, path) for name, path in KEPT.items()})


def kept(name: str, path: str) -> Callable[..., Markup]:
    """Return what renders the macro `name` of the template `path`, once for each arguments."""

    @lru_cache(MOST)
    def rendered(_root: str, *arguments: object) -> Markup:
        macro = getattr(current_app.jinja_env.get_template(path).module, name)
        return Markup(macro(*arguments))  # noqa: S704  a template made it, so it is escaped

    def piece(*arguments: object) -> Markup:
        # The addresses of files in it begin with where the application is mounted.
        return rendered(request.script_root, *arguments)

    return piece

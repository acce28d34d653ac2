"""Light, dark, or as the system has it: kept in a cookie, so that the first paint is right."""

from flask import Blueprint, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.views.addresses import local_address

bp = Blueprint("theme", __name__)

THEMES = ("auto", "light", "dark")
ONE_YEAR_SECONDS = 365 * 86400


@bp.post("/theme")
@permission("public")
def update() -> ResponseReturnValue:
    """Remember the theme and return to the page the reader was on."""
    wanted = request.form.get("theme", "auto")
    back = local_address(request.form.get("back", ""))
    response = redirect(back or url_for("home.show"), code=303)
    response.set_cookie(
        "theme",
        wanted if wanted in THEMES else "auto",
        max_age=ONE_YEAR_SECONDS,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
        path=current_app.config["SESSION_COOKIE_PATH"],
    )
    return response


def chosen_theme() -> str:
    """Return the reader's theme: auto, light or dark."""
    theme = request.cookies.get("theme", "auto")
    return theme if theme in THEMES else "auto"


def next_theme(theme: str) -> str:
    """Return the theme the toggle offers after `theme`."""
    return THEMES[(THEMES.index(theme) + 1) % len(THEMES)]

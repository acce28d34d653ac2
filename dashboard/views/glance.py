"""One organization of several at a glance: a fragment of its reader's first page."""

from collections.abc import Sequence
from typing import NamedTuple

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.clock import utc_now
from dashboard.reading.glance import glance_of
from dashboard.reading.opening import open_bill
from dashboard.views.hypermedia import is_htmx
from dashboard.views.opening import opened, opens

bp = Blueprint("glance", __name__, url_prefix="/organizations/<slug>")
HEIGHT, STEP, WIDTH = 30, 7, 5


class Bar(NamedTuple):
    """A day as a rectangle, in pixels."""

    x: int
    y: int
    height: int
    is_today: bool


@bp.get("/glance")
@permission("organization.view")
@opens(open_bill)
def show(slug: str) -> ResponseReturnValue:
    """Answer with the days and the forecast; without a script, lead to the page of both."""
    if not is_htmx():
        return redirect(url_for("organizations.show", slug=slug), code=303)
    (_, draft), now = opened(slug), utc_now()
    if draft is None:
        return "", 204
    glance = glance_of(draft, now=now)
    size = (STEP * len(glance.cents), HEIGHT, WIDTH)
    return render_template(
        "home/_glance.html", glance=glance, bars=bars_of(glance.cents), size=size
    )


def bars_of(cents: Sequence[int]) -> list[Bar]:
    """Return a bar for each day, the dearest as high as there is room.

    A day that cost anything is seen; one that took money back stands at nothing.
    """
    most = max(*cents, 1)
    heights = [max(HEIGHT * one // most, 1) if one > 0 else 0 for one in cents]
    today = len(cents) - 1
    return [
        Bar(STEP * at, HEIGHT - height, height, at == today) for at, height in enumerate(heights)
    ]

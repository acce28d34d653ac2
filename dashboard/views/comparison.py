"""Why a bill changed: against the last cycle at the same point, or between any two invoices."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.clock import utc_now
from dashboard.errors import NotFound
from dashboard.ids import read_id
from dashboard.reading.comparison import (
    Compared,
    ToCompare,
    compared_cycles,
    compared_invoices,
    invoices_to_compare,
)
from dashboard.reading.differences import WAYS
from dashboard.reading.movers import SinceLastCycle, hours_into, since_last_cycle
from dashboard.reading.opening import open_bill
from dashboard.views.hypermedia import is_htmx, live
from dashboard.views.mover_words import bars, percent, rest_words, said_of
from dashboard.views.opening import opened, opens

bp = Blueprint("comparison", __name__, url_prefix="/organizations/<slug>/comparison")
DAY_HOURS = 24


@bp.get("")
@permission("invoice.view")
@opens(open_bill)
def show(slug: str) -> ResponseReturnValue:
    """Compare two invoices, or without them this cycle with the last at the same point."""
    (organization, draft), now = opened(slug), utc_now()
    way = request.args.get("by", "product")
    way = way if way in WAYS else "product"
    price_id = read_id(request.args.get("price", ""))
    wanted = read_id(request.args.get("from", "")), read_id(request.args.get("to", ""))
    invoices = invoices_to_compare(organization.id, [one for one in wanted if one])
    chosen = _chosen(invoices, *wanted)
    since = None
    found: Compared | None = None
    if chosen is not None:
        found = compared_invoices(
            organization.id, (chosen[0].sequence, chosen[1].sequence), way, price_id
        )
    elif draft is not None:
        since = since_last_cycle(draft, now=now)
        found = compared_cycles(since, way, price_id) if since else None
    return render_template(
        "comparison/show.html",
        organization=organization,
        invoices=invoices,
        chosen=chosen,
        way=way,
        ways=WAYS,
        price_id=price_id,
        day=hours_into(draft, now) // DAY_HOURS + 1 if draft else None,
        since=since,
        found=found,
        bars=bars([one.cents for one in (*found.rows, found.rest)]) if found else [],
        percent=percent,
    )


@bp.get("/movers")
@permission("organization.view")
@opens(open_bill)
def movers(slug: str) -> ResponseReturnValue:
    """Say what moved the current invoice the most; asked for by its page once that is shown."""
    if not is_htmx():
        return redirect(url_for("comparison.show", slug=slug), code=303)
    (organization, draft), now = opened(slug), utc_now()
    if draft is None:
        return "", 204
    hours = hours_into(draft, now)

    def render() -> str:
        since = since_last_cycle(draft, now=now)
        return render_template(
            "comparison/_movers.html",
            organization=organization,
            invoice=draft.invoice,
            day=hours // DAY_HOURS + 1,
            since=since,
            **_drawn(since, draft.invoice.currency),
        )

    return live(f"{draft.invoice.id}.{draft.invoice.revision}.{hours}", render)


def _chosen(
    invoices: list[ToCompare], first: int | None, second: int | None
) -> tuple[ToCompare, ToCompare] | None:
    """Return the two invoices asked for, None where not both are; raise `NotFound`."""
    if first is None or second is None:
        return None
    by_sequence = {one.sequence: one for one in invoices}
    for one in (first, second):
        if one not in by_sequence:
            raise NotFound(f"There is no invoice {one} to compare. Choose from the list.")
    return by_sequence[first], by_sequence[second]


def _drawn(since: SinceLastCycle | None, currency: str) -> dict[str, object]:
    """Return each mover with its words and bar, and those of the rest."""
    if since is None:
        return {"rows": [], "rest": None}
    every = [mover.difference for mover in since.movers]
    drawn = bars([one.cents for one in (*every, since.rest)])
    return {
        "rows": [
            (mover.difference, said_of(mover), bar)
            for mover, bar in zip(since.movers, drawn[:-1], strict=True)
        ],
        "rest": (rest_words(since.rest, currency), drawn[-1]),
        "percent": percent(since.cents, since.before_cents),
    }

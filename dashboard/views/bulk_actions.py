"""Bulk actions: confirmed with their number, watched, canceled, tried again where they failed."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qsl

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from dashboard.accounts.permissions import permission
from dashboard.bounds import QUERY_PARTS
from dashboard.bulk.begin import MOST, Wish, begin, cancel, count_members
from dashboard.bulk.held import HeldVerb, sums_of, sums_seen
from dashboard.bulk.listing import (
    act_by_id,
    count_again,
    count_open,
    failed_of,
    reasons_of,
    recent_acts,
)
from dashboard.bulk.models import BulkAction
from dashboard.bulk.verbs import VERBS, verb_name_after
from dashboard.clock import utc_now
from dashboard.errors import Forbidden, Invalid, Stale
from dashboard.forms.base import DAMAGED
from dashboard.forms.bulk import BulkForm
from dashboard.views.access import current_actor
from dashboard.views.bulk_chosen import Chosen, chosen_by
from dashboard.views.bulk_words import WORDS, may
from dashboard.views.hypermedia import live
from dashboard.views.listing import Narrowed, log_kind
from dashboard.views.proof import need_proof
from dashboard.webhooks.alike import types_among
from jobs.bulk import carry_on_act

OTHER_SUMS = (
    "Other bills are among them than were shown, or they come to another sum. Nothing was started. "
    "Check what they come to, then confirm it."
)
bp = Blueprint("bulk_actions", __name__, url_prefix="/bulk-actions")
ACTS = log_kind("bulk_actions.index", "bulk action", "bulk actions", "state")
# To Stripe, for each, if its lines are told by one reply: what changed, the schedule, the issue.
CALLS_EACH = {"release": 3, "reread": 4, "approve": 2, "let_go": 2}
OPEN = Narrowed(("state",), "in progress")


@bp.get("")
@permission("bulk.view")
def index() -> ResponseReturnValue:
    """List the bulk actions, the newest first: all of them, or those in progress."""
    only_open, asked = request.args.get("state") == "open", ACTS.asked()
    found = recent_acts(only_open=only_open, asked=asked)
    return render_template(
        "bulk_actions/index.html",
        acts=ACTS.listing(found, asked.sort, [OPEN] if only_open else []),
        counts={"open": count_open()},
        words=WORDS,
    )


@bp.get("/new")
@permission("bulk.run")
def new() -> ResponseReturnValue:
    """Say how many rows it would reach and what becomes of them, before anything does."""
    return _confirm(chosen_by(request.args), BulkForm(formdata=None))


@bp.post("")
@permission("bulk.run")
def create() -> ResponseReturnValue:
    """Begin the act, of exactly as many rows as were confirmed."""
    form = BulkForm()
    parts = parse_qsl(form.query.data or "")
    if len(parts) > QUERY_PARTS or any("\0" in value for _, value in parts):
        raise Invalid(DAMAGED)
    chosen = chosen_by(MultiDict(parts))
    if not form.validate_on_submit():
        return _confirm(chosen, form), 422
    if isinstance(chosen.verb, HeldVerb):
        # It moves the money of all of them.
        need_proof()
        if form.seen.data != sums_seen(chosen.members):
            return _confirm(chosen, form, moved=OTHER_SUMS), Stale.status
    told = {"words": chosen.words, "query": chosen.query}
    wish = Wish(form.reason.data, form.number(), told, chosen.retries_id)
    try:
        act = begin(chosen.verb, chosen.members, wish, actor=current_actor(), now=utc_now())
    except Stale as error:
        return _confirm(chosen, form, moved=error.message), Stale.status
    carry_on_act.enqueue(act.id)
    return redirect(url_for("bulk_actions.show", act_id=act.id), code=303)


@bp.get("/<int:act_id>")
@permission("bulk.view")
def show(act_id: int) -> ResponseReturnValue:
    """Show how far an act came, and what failed by reason."""
    act = act_by_id(act_id)
    return render_template("bulk_actions/show.html", **_told(act))


@bp.get("/<int:act_id>/progress")
@permission("bulk.view")
def progress(act_id: int) -> ResponseReturnValue:
    """Answer the page's refreshes; the fragment of an act that is over asks for no more."""
    act = act_by_id(act_id)
    tag = f"{act.state}.{act.asked}.{act.done}.{act.failed}"
    return live(tag, lambda: render_template("bulk_actions/_progress.html", **_told(act)))


@bp.post("/<int:act_id>/cancellation")
@permission("bulk.run")
def create_cancellation(act_id: int) -> ResponseReturnValue:
    """Begin no more of an act's members."""
    act = act_by_id(act_id)
    if not may(VERBS[act.verb]):
        raise Forbidden("Your role cannot do this. Nothing was changed.")
    cancel(act, actor=current_actor(), now=utc_now())
    carry_on_act.enqueue(act.id)
    flash("Nothing more starts. What has started still finishes.")
    return redirect(url_for("bulk_actions.show", act_id=act.id), code=303)


def _confirm(chosen: Chosen, form: BulkForm, *, moved: str | None = None) -> str:
    number = count_members(chosen.members)
    form.query.data, form.confirmed.data = chosen.query, str(number)
    is_held = isinstance(chosen.verb, HeldVerb)
    form.seen.data = sums_seen(chosen.members) if is_held else ""
    return render_template(
        "bulk_actions/new.html",
        chosen=chosen,
        form=form,
        moved=moved,
        most=MOST,
        number=number,
        types=_types(chosen),
        sums=sums_of(chosen.members) if chosen.held_for or is_held else (),
        calls=number * CALLS_EACH.get(chosen.verb.name, 0) if chosen.held_for else None,
        words=WORDS[chosen.verb.name],
    )


def _types(chosen: Chosen) -> Sequence[tuple[str, int]]:
    """Return of which types the chosen events are; nothing of anything else."""
    if chosen.verb.of != "webhook_events":
        return ()
    return types_among(select(chosen.members.subquery().columns[0]))


def _step_after(act: BulkAction, error: str) -> str | None:
    """Return the button of another verb that settles what failed so; None for the same verb."""
    name = verb_name_after(act.verb, error)
    return None if name == act.verb or not may(VERBS[name]) else WORDS[name].button


def _told(act: BulkAction) -> dict[str, object]:
    return {
        "act": act,
        "failed": failed_of(act) if act.failed else (),
        "reasons": reasons_of(act) if act.failed else (),
        "again": count_again(act),
        "step_after": _step_after,
        "words": WORDS[act.verb],
        "may_run": may(VERBS[act.verb]),
    }

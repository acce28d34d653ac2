"""What needs a person: support's first page."""

from datetime import UTC, datetime, timedelta

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from redis.exceptions import RedisError

from dashboard.accounts.permissions import permission
from dashboard.clock import utc_now
from dashboard.errors import Invalid, NotFound
from dashboard.forms.need import NoteForm, OwnerForm, SnoozeForm, rests
from dashboard.needs.act import GONE, give_back, need_of, note, snooze, take
from dashboard.needs.kinds import GROUPS
from dashboard.reading.needs import (
    MOST,
    SIZE,
    ListedNeed,
    Wanted,
    need_as_listed,
    open_needs,
    overview,
    settled_needs,
    settled_today,
)
from dashboard.trends.sample import samples
from dashboard.views.access import current_actor, reader
from dashboard.views.addresses import local_address
from dashboard.views.hypermedia import is_htmx, live
from dashboard.views.stripe_state import with_stripe
from dashboard.views.trends import bills_sentence, trends_of
from jobs import ticks
from jobs.watch import look_for_needs

bp = Blueprint("needs", __name__, url_prefix="/needs")
# The clock looks every ten seconds.
LATE = timedelta(minutes=1)

OF_ORGANIZATIONS = {
    "syncs": "sync_runs.of_organization",
    "budget": "budgets.show",
    "mails": "mails.index",
    "tax": "taxes.show",
}
OF_THE_WHOLE = {"jobs": "work.show", "calls": "stripe_calls.show", "restores": "restores.show"}


@bp.get("")
@permission("need.view")
def index() -> ResponseReturnValue:
    """List what needs a person, most money first; refreshes are told whether anything moved."""
    who, now, wanted = reader(), utc_now(), _wanted()
    found, looked_at = overview(who.id), last_look()
    is_late = looked_at is None or now - looked_at > LATE

    def render(template: str) -> str:
        noted = samples(now=now)
        return render_template(
            template,
            tag=tag,
            found=found,
            wanted=wanted,
            rows=open_needs(wanted, who.id),
            settled=settled_today(now=now),
            groups=GROUPS,
            looked_at=looked_at,
            is_late=is_late,
            trends=trends_of(noted, now=now),
            bills=bills_sentence(noted),
            address=_address,
        )

    tag = with_stripe(f"{found.tag}.{is_late}")
    if is_htmx():
        return live(tag, lambda: render("needs/_work.html"))
    return render("needs/index.html")


@bp.get("/settled")
@permission("need.view")
def settled() -> ResponseReturnValue:
    """List what was settled today, and by whom."""
    now = utc_now()
    rows = settled_needs(now=now)
    return render_template("needs/settled.html", rows=rows, settled=settled_today(now=now))


@bp.get("/<int:need_id>")
@permission("need.view")
def show(need_id: int) -> ResponseReturnValue:
    """Show one of them, with what can be said about it."""
    found = need_as_listed(need_id)
    if found is None:
        raise NotFound(GONE)
    form = NoteForm(note=found.note)
    return render_template("needs/show.html", need=found, form=form, rests=rests(utc_now()))


@bp.post("/<int:need_id>/owner")
@permission("need.take")
def own(need_id: int) -> ResponseReturnValue:
    """Take it, from whoever had it, or give it back."""
    form, need, now = OwnerForm(), need_of(need_id), utc_now()
    if form.owner.data == "me":
        take(need, seen=form.seen_id(), actor=current_actor(), now=now)
    else:
        give_back(need, actor=current_actor(), now=now)
    return _back()


@bp.post("/<int:need_id>/snooze")
@permission("need.take")
def put_off(need_id: int) -> ResponseReturnValue:
    """Put it off, or show it again."""
    now = utc_now()
    snooze(need_of(need_id), SnoozeForm().until(now), actor=current_actor(), now=now)
    return _back()


@bp.post("/<int:need_id>/note")
@permission("need.take")
def write_note(need_id: int) -> ResponseReturnValue:
    """Keep a note with it."""
    form = NoteForm()
    if not form.validate_on_submit():
        raise Invalid(" ".join(form.note.errors) + " Nothing was changed.")
    note(need_of(need_id), form.note.data or "", actor=current_actor(), now=utc_now())
    return _back()


@bp.app_template_global("address_of_need")
def address_of(need: ListedNeed) -> str:
    """Return the page on which such a thing is settled."""
    place, slug = need.step.place, need.slug
    if place == "event":
        return url_for("webhook_events.show", event_id=int(need.subject))
    if place == "endpoint":
        return url_for("event_deliveries.index", endpoint_id=int(need.subject))
    if slug and place == "proposal":
        return url_for("proposals.show", slug=slug, proposal_id=int(need.subject))
    if place == "gaps":
        return url_for("invariants.show", _anchor="gaps")
    if place == "invariants":
        return url_for("invariants.show", name=need.facts.get("invariant"))
    if slug and place in ("invoice", "at_stripe", "difference", "issue"):
        return _address_of_invoice(need, slug)
    if slug and place in OF_ORGANIZATIONS:
        return url_for(OF_ORGANIZATIONS[place], slug=slug)
    return url_for(OF_THE_WHOLE.get(place, "fleet.show"))


def _address_of_invoice(need: ListedNeed, slug: str) -> str:
    sequence = need.facts["sequence"]
    if need.step.place == "at_stripe":
        return url_for("at_stripe.show", slug=slug, invoice=sequence)
    if need.step.place == "difference":
        return url_for("differences.show", slug=slug, sequence=sequence)
    if need.step.place == "issue":
        return url_for("bill_holds.show", slug=slug, sequence=sequence)
    return url_for("invoices.show", slug=slug, sequence=sequence)


def last_look() -> datetime | None:
    """Return when the clock looked last; None if it never did, or nobody knows."""
    try:
        at = current_app.extensions["redis"].hget(ticks.LAST, look_for_needs.__name__)
    except RedisError:
        return None
    return datetime.fromtimestamp(float(at), UTC) if at else None


def _wanted() -> Wanted:
    group = request.args.get("kind")
    return Wanted(
        group=group if group in GROUPS else None,
        is_mine=request.args.get("owner") == "me",
        is_snoozed=request.args.get("state") == "snoozed",
        size=min(max(request.args.get("show", SIZE, type=int), SIZE), MOST),
    )


def _address(wanted: Wanted) -> str:
    """Return the address of the list as it is wanted."""
    return url_for(
        "needs.index",
        kind=wanted.group,
        owner="me" if wanted.is_mine else None,
        state="snoozed" if wanted.is_snoozed else None,
        show=wanted.size if wanted.size != SIZE else None,
    )


def _back() -> ResponseReturnValue:
    back = local_address(request.form.get("back", ""))
    return redirect(back or url_for("needs.index"), code=303)

"""Of which rows a bulk action is: those picked, all that match a filter, or what failed before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import url_for
from werkzeug.datastructures import MultiDict

from dashboard.bulk.begin import MOST
from dashboard.bulk.held import HeldVerb
from dashboard.bulk.listing import act_by_id, error_of, failed_members
from dashboard.bulk.syncs import SyncVerb
from dashboard.bulk.verb import Members, Verb
from dashboard.bulk.verbs import VERBS, verb_name_after, verbs_for
from dashboard.clock import utc_now
from dashboard.errors import Forbidden, Invalid
from dashboard.forms.events import EventFilterForm
from dashboard.ids import read_id
from dashboard.needs.hold_recipes import recipe_of_hold
from dashboard.reading.organizations import ids_of, wanted_by
from dashboard.views.bulk_words import may
from dashboard.views.organization_list import ORGANIZATIONS, narrowed_to
from dashboard.views.webhook_events import EVENTS, narrowed_by
from dashboard.webhooks.alike import alike
from dashboard.webhooks.listing import event_by_id, failing_among

Query = MultiDict[str, str]
LISTS = {"organizations": ORGANIZATIONS, "webhook_events": EVENTS}


@dataclass(frozen=True, slots=True)
class Chosen:
    """The verb, its members, which rows those are in words, and the list they were chosen in."""

    verb: Verb
    members: Members
    words: str
    query: str
    back: str
    retries_id: int | None = None
    # No box was checked, as different from rows of which none can be acted on.
    is_nothing: bool = False
    # The reason for which they are on hold.
    held_for: str | None = None


def chosen_by(args: Query) -> Chosen:
    """Return what an address or a form asks for; raises `NotFound`, `Forbidden`, `Invalid`."""
    retries_id = read_id(args.get("retries", ""))
    if retries_id is not None:
        return _again(retries_id, args)
    verb = _allowed(args.get("verb", ""))
    is_release = isinstance(verb, SyncVerb) and verb.releases
    if args.get("held_for") and (is_release or verb in verbs_for(args["held_for"])):
        return _held_for(verb, args["held_for"])
    if verb.of not in LISTS:
        raise Invalid("That is no bulk action of a list. Nothing was started. Choose a reason.")
    kind = LISTS[verb.of]
    ids, words = _of_organizations(args) if kind is ORGANIZATIONS else _of_events(args)
    filters: dict[str, Any] = {name: args[name] for name in kind.filters if args.get(name)}
    chosen = [("verb", verb.name), *filters.items()]
    for name in ("scope", "like", "id"):
        chosen += [(name, value) for value in args.getlist(name) if value]
    back = url_for(kind.endpoint, **filters)
    is_nothing = not ids and args.get("scope") != "all" and not args.get("like")
    return Chosen(verb, verb.members(ids), words, urlencode(chosen), back, is_nothing=is_nothing)


def _allowed(name: str) -> Verb:
    verb = VERBS.get(name)
    if verb is None:
        raise Invalid("There is no such bulk action. Nothing was started. Choose one above a list.")
    if not may(verb):
        raise Forbidden("Your role cannot do this. Nothing was started.")
    return verb


def _again(act_id: int, args: Query) -> Chosen:
    act, like = act_by_id(act_id), read_id(args.get("like", ""))
    words = f"what failed of bulk action {act.id}"
    query, error = {"retries": str(act.id)}, None
    if like is not None:
        words += " for one reason"
        query["like"] = str(like)
        error = error_of(act, like)
    back = url_for("bulk_actions.show", act_id=act.id)
    verb = _allowed(verb_name_after(act.verb, error))
    return Chosen(verb, failed_members(act, like), words, urlencode(query), back, act.id)


def _held_for(verb: Verb, code: str) -> Chosen:
    if not isinstance(verb, SyncVerb | HeldVerb):
        raise Invalid("That is no repair of bills on hold. Nothing was started.")
    recipe = recipe_of_hold(code)
    words = f"all that are on hold for one reason: {recipe.why if recipe else code}"
    query = urlencode([("verb", verb.name), ("held_for", code)])
    members = verb.held_for(code, now=utc_now())
    back = url_for("closings.show")
    return Chosen(verb, members, words, query, back, held_for=code)


def _picked(args: Query, one: str, several: str) -> tuple[Sequence[int], str]:
    ids = {found for text in args.getlist("id") if (found := read_id(text)) is not None}
    return sorted(ids), f"{len(ids)} picked {one if len(ids) == 1 else several}"


def _of_organizations(args: Query) -> tuple[Sequence[int], str]:
    if args.get("scope") != "all":
        return _picked(args, "organization", "organizations")
    wanted = wanted_by(args.get("q", ""), args.get("attention"))
    narrowed = ", ".join(one.words for one in narrowed_to(wanted))
    return ids_of(wanted), f"all organizations{f' that match {narrowed}' if narrowed else ''}"


def _of_events(args: Query) -> tuple[Sequence[int], str]:
    like = read_id(args.get("like", ""))
    if like is not None:
        event = event_by_id(like)
        return alike(event), f"all that failed with: {event.error}"
    if args.get("scope") != "all":
        return _picked(args, "event", "events")
    form = EventFilterForm(args)
    wanted = form.wanted()
    if form.errors:
        wrong = ", ".join(form[name].label.text for name in form.errors)
        raise Invalid(f"The filter cannot be read: {wrong}. Nothing was started. Correct it first.")
    narrowed = ", ".join(one.words for one in narrowed_by(wanted))
    words = f"all events that failed{f' and match {narrowed}' if narrowed else ''}"
    return failing_among(wanted, most=MOST + 1), words

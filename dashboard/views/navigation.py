"""The places in the sidebar, in their groups, by what the reader may see."""

from functools import cache
from typing import NamedTuple

from flask import request, url_for

from dashboard.accounts.permissions import PERMISSIONS
from dashboard.views.access import reader
from dashboard.views.sidebar import own_organizations


class Place(NamedTuple):
    """One link; `key` is the letter after "g" that goes there, `name` what its count is kept by.

    `needs`: how much there waits for the reader, of what only the place itself knows.
    """

    label: str
    icon: str
    address: str
    key: str
    is_here: bool
    name: str
    needs: int = 0


class Group(NamedTuple):
    """Places that belong together; the first group has no title."""

    title: str
    places: tuple[Place, ...]


_GROUPS = (
    ("", (
        ("need.view", "Needs a person", "person", "needs.index", "n"),
        ("organization.list", "Organizations", "building", "organizations.index", "o"),
        ("payment.view", "Past due", "card-off", "past_due.index", "u"),
        ("closing.view", "Close of the month", "roll", "closings.show", "m"),
        ("catalog.view", "Catalog", "layers", "catalog.index", "c"),
    )),
    ("Stripe and machines", (
        ("sync.view", "Sync runs", "sync", "sync_runs.index", "s"),
        ("webhook.view", "Webhook events", "inbox", "webhook_events.index", "w"),
        ("event_endpoint.view", "Outgoing events", "outside", "event_endpoints.index", "e"),
        ("bulk.view", "Bulk actions", "tick", "bulk_actions.index", "k"),
        ("fleet.view", "Jobs and schedule", "clock", "work.show", "j"),
        ("fleet.view", "API budget", "gauge", "stripe_calls.show", "b"),
        ("fleet.view", "Fleet health", "pulse", "fleet.show", "f"),
        ("invariant.view", "Invariants", "equal", "invariants.show", "i"),
        ("doctor.view", "Doctor", "shield", "doctor.show", "d"),
    )),
    ("Records", (
        ("audit.view", "Audit trail", "history", "audit_entries.index", "a"),
        ("people.manage", "People", "people", "people.index", "p"),
        ("token.manage", "API tokens", "key", "api_tokens.index", "t"),
    )),
)  # fmt: skip


# Pages of their own file that lie below a place.
_PART_OF: dict[str | None, str] = {
    "event_deliveries": "event_endpoints",
    "rehearsals": "closings",
    "closing_limits": "closings",
}


def navigation() -> tuple[Group, ...]:
    """Return the places open to the reader; customers get the way to their organizations."""
    who = reader()
    if not who.is_staff:
        return _of_customer(who.slugs)
    # Whatever belongs to one organization is found under the organizations.
    is_of_one = "slug" in (request.view_args or {})
    here = "organizations" if is_of_one else _PART_OF.get(request.blueprint, request.blueprint)
    return _of_staff(who.role, here, request.script_root)


# None of these permissions is scoped: who holds one is said by the role alone.
@cache
def _of_staff(role: str, here: str | None, _root: str) -> tuple[Group, ...]:
    groups = (
        Group(title, tuple(_place(one, here) for one in places if _is_open(one[0], role)))
        for title, places in _GROUPS
    )
    return tuple(group for group in groups if group.places)


def _is_open(needed: str, role: str) -> bool:
    return role in PERMISSIONS[needed].roles


def _place(one: tuple[str, str, str, str, str], here: str | None) -> Place:
    _, label, icon, endpoint, key = one
    name = endpoint.partition(".")[0]
    return Place(label, icon, url_for(endpoint), key, here == name, name)


def _of_customer(slugs: frozenset[str]) -> tuple[Group, ...]:
    """Return the way home and, for who has several organizations, to each of them."""
    here = (request.view_args or {}).get("slug")
    is_home = here not in slugs or len(slugs) == 1
    home = Place("Your billing", "home", url_for("home.show"), "o", is_home, "home")
    first = Group("", (home,))
    if len(slugs) < 2:
        return (first,)
    places = tuple(
        Place(one.name, "building", url_for("organizations.show", slug=one.slug), "",
              one.slug == here, one.slug, one.needs)
        for one in own_organizations(slugs)
    )  # fmt: skip
    return (first, Group("Organizations", places))

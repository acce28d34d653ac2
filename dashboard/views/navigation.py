"""The places in the sidebar, by what the reader may see."""

from functools import cache
from typing import NamedTuple

from flask import request, url_for

from dashboard.accounts.permissions import PERMISSIONS
from dashboard.views.access import reader


class Place(NamedTuple):
    """One link; `key` is the letter after "g" that goes there."""

    label: str
    icon: str
    address: str
    key: str
    is_here: bool


_PLACES = (
    ("organization.list", "Organizations", "building", "organizations.index", "o"),
    ("catalog.view", "Catalog", "layers", "catalog.index", "c"),
    ("sync.view", "Sync runs", "sync", "sync_runs.index", "s"),
    ("webhook.view", "Webhook events", "inbox", "webhook_events.index", "w"),
    ("fleet.view", "Jobs and schedule", "clock", "work.show", "j"),
    ("fleet.view", "API budget", "gauge", "stripe_calls.show", "b"),
    ("fleet.view", "Fleet health", "gauge", "fleet.show", "f"),
    ("audit.view", "Audit trail", "history", "audit_entries.index", "a"),
    ("token.manage", "API tokens", "key", "api_tokens.index", "t"),
    ("doctor.view", "Doctor", "shield", "doctor.show", "d"),
    ("people.manage", "People", "people", "people.index", "p"),
)


def navigation() -> tuple[Place, ...]:
    """Return the places open to the reader; customers get the way to their organizations."""
    # Whatever belongs to one organization is found under the organizations.
    is_of_one = "slug" in (request.view_args or {})
    here = "organizations" if is_of_one else request.blueprint
    return _open_to(reader().role, here, request.script_root)


# None of these permissions is scoped: who holds one is said by the role alone.
@cache
def _open_to(role: str, here: str | None, _root: str) -> tuple[Place, ...]:
    if role not in PERMISSIONS["organization.list"].roles:
        return (Place("Your billing", "invoice", url_for("home.show"), "o", is_here=True),)
    return tuple(
        Place(label, icon, url_for(endpoint), key, here == endpoint.partition(".")[0])
        for needed, label, icon, endpoint, key in _PLACES
        if role in PERMISSIONS[needed].roles
    )

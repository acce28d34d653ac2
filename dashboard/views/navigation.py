"""The places in the sidebar, by what the reader may see."""

from typing import NamedTuple

from flask import request, url_for

from dashboard.views.access import can


class Place(NamedTuple):
    """One link; `key` is the letter after "g" that goes there."""

    label: str
    icon: str
    address: str
    key: str
    is_here: bool


_PLACES = (
    ("organization.list", "Organizations", "building", "organizations.index", "o"),
    ("sync.view", "Sync runs", "sync", "sync_runs.index", "s"),
    ("webhook.view", "Webhook events", "inbox", "webhook_events.index", "w"),
    ("fleet.view", "Fleet health", "gauge", "fleet.show", "f"),
    ("audit.view", "Audit trail", "history", "audit_entries.index", "a"),
    ("token.manage", "API tokens", "key", "api_tokens.index", "t"),
    ("people.manage", "People", "people", "people.index", "p"),
)


def navigation() -> list[Place]:
    """Return the places open to the reader; customers get the way to their organizations."""
    if not can("organization.list"):
        return [Place("Your billing", "invoice", url_for("home.show"), "o", is_here=True)]
    return [
        Place(label, icon, url_for(endpoint), key, _is_here(endpoint))
        for needed, label, icon, endpoint, key in _PLACES
        if can(needed)
    ]


def _is_here(endpoint: str) -> bool:
    # Whatever belongs to one organization is found under the organizations.
    is_of_one = "slug" in (request.view_args or {})
    here = "organizations" if is_of_one else request.blueprint
    return here == endpoint.partition(".")[0]

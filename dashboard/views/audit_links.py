"""Where the things are that the audit trail tells of."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from flask import url_for

from dashboard.audit.listing import AuditLine
from dashboard.reading.named import NamedInvoice, invoices_named, prices_named
from dashboard.views.access import can

_WORDS = {
    "adjustments": "Charge or credit",
    "api_tokens": "API token",
    "bulk_actions": "Bulk action",
    "event_endpoints": "Event endpoint",
    "invitations": "Invitation",
    "invoices": "Invoice",
    "memberships": "Membership",
    "organizations": "Organization",
    "needs": "Need",
    "prices": "Price",
    "proposals": "Proposal",
    "services": "Service",
    "users": "Person",
    "webhook_events": "Event",
}
# What is listed among others, on a page of its organization or of all.
_OF_ORGANIZATION = {
    "adjustments": "adjustments.index",
    "memberships": "organizations.details",
    "organizations": "organizations.show",
    "proposals": "proposals.index",
    "services": "services.index",
}
_LISTED = {
    "api_tokens": ("token.manage", "api_tokens.index"),
    "event_endpoints": ("event_endpoint.view", "event_endpoints.index"),
    "invitations": ("people.manage", "people.index"),
}
_SHOWN = {
    "users": ("people.manage", "people.show", "user_id"),
    "needs": ("need.view", "needs.show", "need_id"),
    "webhook_events": ("webhook.view", "webhook_events.show", "event_id"),
    "bulk_actions": ("bulk.view", "bulk_actions.show", "act_id"),
}


class Link(NamedTuple):
    """What a thing is called, and where it is; None where the reader may not or cannot go there."""

    words: str
    address: str | None = None


def objects_of(lines: Collection[AuditLine]) -> dict[int, Link]:
    """Return by entry what each is about: two statements at most, however many there are."""
    subjects: dict[str, set[int]] = {}
    for line in lines:
        if line.entry.subject_id is not None:
            subjects.setdefault(line.entry.subject_type, set()).add(line.entry.subject_id)
    invoices = invoices_named(subjects.get("invoices", ()))
    prices = prices_named(subjects.get("prices", ()))
    return {line.id: _link(line, invoices, prices) for line in lines}


def _link(line: AuditLine, invoices: Mapping[int, NamedInvoice], prices: Mapping[int, str]) -> Link:
    kind, subject = line.entry.subject_type, line.entry.subject_id or 0
    words = _WORDS.get(kind, kind.replace("_", " ").capitalize())
    if kind == "invoices" and subject in invoices:
        slug, sequence, number = invoices[subject]
        address = url_for("invoices.show", slug=slug, sequence=sequence)
        return Link(number or f"Invoice {sequence}", address)
    if kind == "prices" and subject in prices:
        return Link(prices[subject], url_for("catalog.show", code=prices[subject]))
    if kind in _OF_ORGANIZATION and line.slug:
        return Link(words, url_for(_OF_ORGANIZATION[kind], slug=line.slug))
    if kind in _LISTED and can(_LISTED[kind][0]):
        return Link(words, url_for(_LISTED[kind][1]))
    if kind in _SHOWN and subject and can(_SHOWN[kind][0]):
        _, endpoint, name = _SHOWN[kind]
        values: dict[str, Any] = {name: subject}
        return Link(f"{words} {subject}", url_for(endpoint, **values))
    return Link(f"{words} {subject}" if subject else words)

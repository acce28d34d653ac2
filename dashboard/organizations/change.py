"""Change who is billed and how: the ledger's word, which the next sync tells Stripe."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.billing.draft import current_invoice, touch
from dashboard.billing.locks import lock_invoice, lock_row
from dashboard.email_address import email_address
from dashboard.errors import Conflict, Invalid, Stale
from dashboard.organizations.address import checked_address, checked_exemption
from dashboard.organizations.models import KEPT_HERE, Organization
from dashboard.text import unprintable

CHANGEABLE = (
    "name", "email", "collection_method", "days_until_due", "tags", *KEPT_HERE
)  # fmt: skip
METHODS = ("charge_automatically", "send_invoice")
MOST_DAYS = 365
MOST_TAGS = 20
TAG_LENGTH = 40


def change_organization(
    organization: Organization,
    wanted: Mapping[str, Any],
    *,
    now: datetime,
    actor: Actor,
    seen: str | None = None,
) -> Organization:
    """Set what `wanted` names among CHANGEABLE; the same again changes nothing.

    What Stripe is to be told reaches it with the next sync; how invoices are collected holds from
    the current one on. `seen` is the fingerprint of what the actor looked at. Raises Stale when
    that has moved, Invalid for what cannot be kept.
    """
    lock_row(organization)
    if seen is not None and seen != fingerprint(organization):
        raise Stale(
            "Another person changed these details. Your change was not made. Check them, then "
            "make your change again."
        )
    before = {name: getattr(organization, name) for name in CHANGEABLE}
    after = _checked(before, wanted)
    changed = [name for name in CHANGEABLE if before[name] != after[name]]
    if not changed:
        return organization
    for name in changed:
        setattr(organization, name, after[name])
    if {"name", "email", *KEPT_HERE} & set(changed):
        # Whoever writes here has decided: what was made of it at Stripe is written over.
        organization.customer_at_stripe = None
        _leave(organization, {name for name in KEPT_HERE if after[name] is None})
    if set(changed) != {"tags"}:
        tell_stripe(organization, now=now)
    facts = {side: {name: values[name] for name in changed}
             for side, values in (("before", before), ("after", after))}  # fmt: skip
    write_entry("organization.changed", organization, actor, facts, now=now)
    return organization


def send_ours(organization: Organization, *, now: datetime, actor: Actor) -> None:
    """Have the next sync write our details over what was made of them at Stripe."""
    theirs = _difference(organization)
    organization.agreed_customer = theirs
    organization.customer_at_stripe = None
    tell_stripe(organization, now=now)
    facts = {"before": theirs, "after": organization.customer}
    write_entry("customer.sent_ours", organization, actor, facts, now=now)


def take_theirs(organization: Organization, *, now: datetime, actor: Actor) -> None:
    """Make Stripe's details the organization's; raises Invalid if they cannot be kept."""
    theirs = _difference(organization)
    change_organization(organization, theirs, now=now, actor=actor)
    organization.agreed_customer = {
        name: said for name, said in theirs.items() if name in organization.customer
    }
    organization.customer_at_stripe = None


def fingerprint(organization: Organization) -> str:
    """Return a name for what the changeable details say now."""
    said = repr([getattr(organization, name) for name in CHANGEABLE])
    return sha256(said.encode()).hexdigest()[:16]


def tell_stripe(organization: Organization, *, now: datetime) -> None:
    """Make the current invoice due for a sync, which tells what differs from what was agreed."""
    touch(lock_invoice(current_invoice(organization).id), now=now)


def _leave(organization: Organization, names: set[str]) -> None:
    """Have no say in these at Stripe: what is there stays, and may change."""
    agreed = organization.agreed_customer
    if agreed is not None and names & agreed.keys():
        organization.agreed_customer = {
            name: said for name, said in agreed.items() if name not in names
        }


def _difference(organization: Organization) -> dict[str, Any]:
    lock_row(organization)
    theirs = organization.customer_at_stripe
    if theirs is None:
        raise Conflict(
            "Stripe's customer no longer differs, or the decision was already made. Nothing was "
            "changed."
        )
    return theirs


def _checked(before: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    after = {**before, **wanted}
    if after["collection_method"] == "charge_automatically" and "days_until_due" not in wanted:
        after["days_until_due"] = None
    _check_name(after["name"])
    after["email"] = email_address(after["email"])
    _check_collection(after["collection_method"], after["days_until_due"])
    after["tags"] = _tags(after["tags"])
    after["address"] = checked_address(after["address"])
    after["tax_exempt"] = checked_exemption(after["tax_exempt"])
    return after


def _check_name(name: str | None) -> None:
    if not name or name != name.strip() or len(name) > 200 or unprintable(name):
        raise Invalid(
            "A name has 1 to 200 printable characters. Nothing was changed. Enter another name.",
            field="name",
        )


def _check_collection(method: str, days: int | None) -> None:
    if method not in METHODS:
        raise Invalid(
            f"The collection method is {' or '.join(METHODS)}. Nothing was changed. Send one of "
            "them.",
            field="collection_method",
        )
    if (method == "send_invoice") != (days is not None):
        raise Invalid(
            "Only organizations that are sent invoices have days until due, and they need them. "
            "Nothing was changed.",
            field="days_until_due",
        )
    if days is not None and not 0 <= days <= MOST_DAYS:
        raise Invalid(
            f"An invoice is due after 0 to {MOST_DAYS} days. Nothing was changed. Enter another "
            "number.",
            field="days_until_due",
        )


def _tags(given: list[str]) -> list[str]:
    tags = sorted({tag.strip() for tag in given if tag.strip()})
    wrong = [tag for tag in tags if len(tag) > TAG_LENGTH or "," in tag or unprintable(tag)]
    if wrong or len(tags) > MOST_TAGS:
        raise Invalid(
            f"An organization has up to {MOST_TAGS} tags of up to {TAG_LENGTH} characters, without "
            "commas. Nothing was changed.",
            field="tags",
        )
    return tags

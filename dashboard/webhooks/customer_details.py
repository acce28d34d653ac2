"""What `customer.updated` means here: another card, or our customer was changed at Stripe.

Neither side is taken over or written over unasked: what Stripe's customer says now stands beside
what the ledger says until a person decides, or changes it here.
"""

from __future__ import annotations

from typing import Any

from dashboard.audit.actor import STRIPE
from dashboard.audit.write import write_entry
from dashboard.organizations.models import Organization
from dashboard.webhooks.customers import UNKNOWN, default_card_told
from dashboard.webhooks.delivery import Delivery, Handled
from dashboard.webhooks.finding import find_organization

AGREES = "The details match what we sent."


def customer_updated(delivery: Delivery) -> Handled:
    """Take over which card is charged, and note a detail that is not what was told."""
    organization = find_organization(delivery.event.object_id, delivery)
    if organization is None:
        return UNKNOWN
    card = default_card_told(organization, delivery)
    return Handled(f"{card} {details_told(organization, delivery)}")


def details_told(organization: Organization, delivery: Delivery) -> str:
    """Keep what Stripe says now, if it is not what it was told; return what became of it."""
    agreed = organization.agreed_customer
    if agreed is None:
        return "The next sync sends the details to Stripe."
    told = delivery.gateway.customer_of(delivery.remote)
    if organization.customer_at_stripe is None and told.said(agreed) == agreed:
        return AGREES
    # Events come in any order; which is the last only a reading tells.
    name = ("customer", told.id, str(agreed))
    found = delivery.reading(name, lambda gateway: gateway.customer(told.id))
    if found.is_deleted:
        return "The customer was deleted later."
    return note(organization, found.said(agreed), delivery)


def note(organization: Organization, said: dict[str, Any], delivery: Delivery) -> str:
    """Put on record what changed at Stripe, and keep it until somebody decides."""
    before = organization.customer_at_stripe or organization.agreed_customer
    # What was set here since is on its way: Stripe cannot say it yet.
    ours = {name: one for name, one in organization.customer.items() if name in said}
    differs = said not in (organization.agreed_customer, ours)
    if not differs:
        organization.agreed_customer = said
    organization.customer_at_stripe = said if differs else None
    if said == before:
        return AGREES
    facts = {"before": before, "after": said}
    write_entry("customer.changed_at_stripe", organization, STRIPE, facts, now=delivery.now)
    if differs:
        return "The details were changed at Stripe. A person decides which to keep."
    return "Stripe's customer matches the ledger again."

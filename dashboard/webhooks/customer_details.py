"""What `customer.updated` means here: another card, or somebody renamed our customer at Stripe.

Neither name is taken over or written over by itself: what Stripe's customer says now stands beside
what the ledger says until a person decides, or changes it here.
"""

from __future__ import annotations

from dashboard.audit.actor import STRIPE
from dashboard.audit.write import write_entry
from dashboard.gateway.customer_records import RemoteCustomer
from dashboard.organizations.models import Organization
from dashboard.webhooks.customers import UNKNOWN, default_card_told
from dashboard.webhooks.delivery import Delivery, Handled
from dashboard.webhooks.finding import find_organization

AGREES = "The name and e-mail match what we sent."


def customer_updated(delivery: Delivery) -> Handled:
    """Take over which card is charged, and note a name or e-mail that is not what was told."""
    organization = find_organization(delivery.event.object_id, delivery)
    if organization is None:
        return UNKNOWN
    card = default_card_told(organization, delivery)
    return Handled(f"{card} {details_told(organization, delivery)}")


def details_told(organization: Organization, delivery: Delivery) -> str:
    """Keep what Stripe says now, if it is not what it was told; return what became of it."""
    if organization.agreed_customer is None:
        return "The next sync sends the name and e-mail to Stripe."
    told = delivery.gateway.customer_of(delivery.remote)
    if organization.customer_at_stripe is None and shown(told) == organization.agreed_customer:
        return AGREES
    # Events come in any order; which is the last only a reading tells.
    name = ("customer", told.id, str(organization.agreed_customer))
    found = delivery.reading(name, lambda gateway: gateway.customer(told.id))
    if found.is_deleted:
        return "The customer was deleted later."
    return note(organization, shown(found), delivery)


def shown(remote: RemoteCustomer) -> dict[str, str | None]:
    """Return what Stripe's customer says, as it is kept here."""
    return {"name": remote.name, "email": remote.email}


def note(organization: Organization, said: dict[str, str | None], delivery: Delivery) -> str:
    """Put on record what changed at Stripe, and keep it until somebody decides."""
    before = organization.customer_at_stripe or organization.agreed_customer
    differs = said not in (organization.agreed_customer, organization.customer)
    if not differs:
        organization.agreed_customer = said
    organization.customer_at_stripe = said if differs else None
    if said == before:
        return AGREES
    facts = {"before": before, "after": said}
    write_entry("customer.changed_at_stripe", organization, STRIPE, facts, now=delivery.now)
    if differs:
        return "The name or e-mail was changed at Stripe. A person decides which to keep."
    return "Stripe's customer matches the ledger again."

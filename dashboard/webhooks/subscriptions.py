"""What a subscription's events mean here: its renewal's invoice is taken, its periods followed."""

from __future__ import annotations

from dashboard.audit.actor import STRIPE
from dashboard.billing.locks import lock_row
from dashboard.billing.models import Invoice
from dashboard.billing.subscription import (
    CYCLE_INVOICE,
    SLACK,
    carry_out,
    on_theirs,
    verdict,
    waits,
)
from dashboard.extensions import db
from dashboard.gateway.records import RemoteInvoice
from dashboard.gateway.subscription_records import RemoteSubscription
from dashboard.organizations.models import Organization
from dashboard.organizations.subscription import follow, linked_to, lock_waiting
from dashboard.sync.request import Request, request_sync
from dashboard.webhooks.delivery import Delivery, Handled
from dashboard.webhooks.held import Aside

REASONS = {
    "subscription_create": "its first invoice",
    "subscription_update": "an invoice of a change",
    "subscription_threshold": "an invoice of a threshold within the period",
}


def invoice_made(delivery: Delivery, subscription_id: str) -> Handled:
    """An invoice of a subscription was made: a renewal's takes the bill that waits for it."""
    organization_id = linked_to(subscription_id)
    if organization_id is None:
        return Handled("It is of a subscription that nothing here is billed with.", ignored=True)
    remote = delivery.invoice
    if remote.billing_reason != CYCLE_INVOICE:
        what = REASONS.get(str(remote.billing_reason), "not a renewal's invoice")
        return Handled(f"It is the subscription's own: {what}.", ignored=True)
    if delivery.held is not None:
        raise Aside("what waits for it is looked up")
    subscription = delivery.reading(
        ("subscription", subscription_id), lambda gateway: gateway.subscription(subscription_id)
    )
    # The event may be told late, or again: Stripe may have issued it since.
    told = remote
    remote = delivery.reading(("invoice", told.id), lambda gateway: gateway.invoice(told.id))
    organization = held(organization_id)
    if organization.stripe_subscription_id != subscription_id:
        return Handled("The subscription was unlinked meanwhile.", ignored=True)
    invoice = waiting_for(organization, remote)
    if invoice is None:
        return Handled("No bill waits for it: it is the subscription's own.", ignored=True)
    done = settle(invoice, subscription, remote, delivery)
    follow(organization, subscription, now=delivery.now)
    return done


def held(organization_id: int) -> Organization:
    """Return an organization as it is now, its row locked."""
    organization = db.session.get_one(Organization, organization_id)
    lock_row(organization)
    return organization


def waiting_for(organization: Organization, remote: RemoteInvoice) -> Invoice | None:
    """Return the bill, locked, of the cycle that ended with the renewal."""
    if remote.made_at is None or remote.customer_id != organization.stripe_customer_id:
        return None
    latest = remote.made_at + SLACK
    ended = [one for one in lock_waiting(organization) if one.period_end <= latest]
    return max(ended, key=lambda one: one.period_end, default=None)


def settle(
    invoice: Invoice,
    subscription: RemoteSubscription,
    remote: RemoteInvoice,
    delivery: Delivery,
) -> Handled:
    """Let a bill that waits take the renewal's invoice, or go alone."""
    found = verdict(subscription, [remote], invoice.period_end, now=delivery.now)
    carry_out(invoice, found, now=delivery.now)
    if on_theirs(invoice):
        run = request_sync(invoice, Request("event", STRIPE, verify=True), now=delivery.now)
        delivery.runs.append(run)
        return Handled("The bill that waited for it goes onto it.")
    if not waits(invoice):
        return Handled(f"{found.goes_alone} The bill that waited for it goes alone.".strip())
    return Handled("It is of another renewal than the bill that waits.", ignored=True)


def subscription_told(delivery: Delivery) -> Handled:
    """A subscription moved: the cycle of the organization that is billed with it follows."""
    subscription_id = str(delivery.event.object_id)
    organization_id = linked_to(subscription_id)
    if organization_id is None:
        return Handled("Nothing here is billed with this subscription.", ignored=True)
    if delivery.held is not None:
        raise Aside("its organization is looked up")
    # As it is now: events come in any order, and several in one second.
    remote = delivery.reading(
        ("subscription", subscription_id), lambda gateway: gateway.subscription(subscription_id)
    )
    organization = held(organization_id)
    if organization.stripe_subscription_id != subscription_id:
        return Handled("The subscription was unlinked meanwhile.", ignored=True)
    return Handled(follow(organization, remote, now=delivery.now))

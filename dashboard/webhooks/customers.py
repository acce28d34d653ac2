"""What customer and payment-method events mean here: who is billed, and with what card."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from dashboard.audit.actor import STRIPE
from dashboard.audit.record import record
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.webhooks.delivery import Delivery, Handled

UNKNOWN = Handled("Not a customer of ours.", ignored=True)


def customer_deleted(delivery: Delivery) -> Handled:
    """The customer is gone at Stripe: the next sync makes a new one."""
    organization = find_organization(delivery.event.object_id)
    if organization is None:
        return UNKNOWN
    facts = {"stripe_id": organization.stripe_customer_id}
    organization.stripe_customer_id = None
    organization.payment_method = None
    record("customer.deleted_at_stripe", organization, STRIPE, facts, now=delivery.now)
    return Handled("The customer was deleted at Stripe; the next sync makes a new one.")


def payment_method_known(delivery: Delivery) -> Handled:
    """A card was attached or renewed: remember what people recognise it by."""
    method: dict[str, Any] = delivery.payload["data"]["object"]
    organization = find_organization(method.get("customer"))
    if organization is None:
        return UNKNOWN
    card = method.get("card") or {}
    shown = {name: card.get(name) for name in ("brand", "last4", "exp_month", "exp_year")}
    organization.payment_method = {"id": method["id"], **shown}
    return Handled(f"The payment method is now {shown['brand']} ending in {shown['last4']}.")


def payment_method_detached(delivery: Delivery) -> Handled:
    """A card was removed; the event names the customer it was taken from only in what changed."""
    method_id = delivery.event.object_id
    query = select(Organization).where(Organization.payment_method["id"].astext == method_id)
    organization = db.session.scalar(query)
    if organization is None:
        return UNKNOWN
    organization.payment_method = None
    return Handled("The payment method was removed.")


def find_organization(customer_id: str | None) -> Organization | None:
    """Return the organization behind a Stripe customer."""
    if customer_id is None:
        return None
    query = select(Organization).where(Organization.stripe_customer_id == customer_id)
    return db.session.scalar(query)

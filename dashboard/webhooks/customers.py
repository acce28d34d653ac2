"""What customer and payment-method events mean here: who is billed, and with what card."""

from __future__ import annotations

from datetime import datetime

from dashboard.audit.actor import STRIPE
from dashboard.audit.write import write_entry
from dashboard.billing.uncharged import note_all_uncharged
from dashboard.organizations.cards import (
    ATTACHED,
    CHANGED,
    GONE,
    forget_cards,
    is_default_told,
    keep_card,
    keep_default,
)
from dashboard.organizations.models import Organization
from dashboard.webhooks.delivery import Delivery, Handled
from dashboard.webhooks.finding import find_holder, find_organization

UNKNOWN = Handled("Not a customer of ours.", ignored=True)


def customer_deleted(delivery: Delivery) -> Handled:
    """The customer is gone at Stripe: the next sync creates a new one."""
    organization = find_organization(delivery.event.object_id, delivery)
    if organization is None:
        return UNKNOWN
    forget_lost(organization, now=delivery.now)
    return Handled("The customer was deleted at Stripe; the next sync creates a new one.")


def forget_lost(organization: Organization, *, now: datetime) -> None:
    """Forget a customer that is gone at Stripe, whom nobody charges for what is open any more.

    The organization's row must be locked, and none of its invoices.
    """
    facts = {"stripe_id": organization.stripe_customer_id}
    organization.stripe_customer_id = None
    organization.customer_lost_at = now
    organization.agreed_customer = organization.customer_at_stripe = None
    forget_cards(organization)
    write_entry("customer.deleted_at_stripe", organization, STRIPE, facts, now=now)
    note_all_uncharged(organization, now=now)


def default_card_told(organization: Organization, delivery: Delivery) -> str:
    """Take over which card is charged by default; return what became of it."""
    at = delivery.event.created_at
    card = delivery.gateway.customer_of(delivery.remote).default_card
    is_known = is_default_told(organization, card, at)
    if is_known:
        return "The event has nothing newer about the card."
    if is_known is None:
        customer_id = str(organization.stripe_customer_id)
        found = delivery.reading(
            ("customer", customer_id, str(organization.default_card)),
            lambda gateway: gateway.customer(customer_id),
        )
        card = found.default_card
    keep_default(organization, card, at=at)
    return "The default card was recorded."


def payment_method_known(delivery: Delivery) -> Handled:
    """A card was attached or renewed: remember what people recognise it by."""
    card = delivery.gateway.card_of(delivery.remote)
    organization = find_organization(card.customer_id, delivery)
    if organization is None:
        return UNKNOWN
    step = ATTACHED if delivery.type == "payment_method.attached" else CHANGED
    keep_card(organization, card, at=delivery.event.created_at, step=step)
    return Handled(f"The card ending {card.last4} was recorded.")


def payment_method_detached(delivery: Delivery) -> Handled:
    """A card was removed; the event names the customer it was taken from only in what changed."""
    card = delivery.gateway.card_of(delivery.remote)
    organization = find_organization(card.was_of_id, delivery) or find_holder(card.id, delivery)
    if organization is None:
        return UNKNOWN
    keep_card(organization, card, at=delivery.event.created_at, step=GONE)
    return Handled("The payment method was removed.")

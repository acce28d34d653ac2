"""What an event carries: its object as a record, or a sentence that says why it cannot be read."""

from __future__ import annotations

from dashboard.gateway.after_issue import parse_correction, parse_decline, parse_payment
from dashboard.gateway.customer_records import RemoteCard, RemoteCustomer
from dashboard.gateway.event_records import RemoteEvent
from dashboard.gateway.odd import MOST_OF_AN_ID, readable
from dashboard.gateway.parsing import Json, parse_card, parse_customer, parse_invoice
from dashboard.gateway.records import RemoteCorrection, RemoteDecline, RemoteInvoice, RemotePayment
from dashboard.gateway.subscription_parsing import parse_subscription
from dashboard.gateway.subscription_records import RemoteSubscription

# Where an invoice's event has its lines: most of its size, and who handles it does not need them.
LINES = ("data", "object", "lines")


def invoice_of(event: RemoteEvent) -> RemoteInvoice:
    """Return the invoice an `invoice.*` event carries, as it was at that moment."""
    as_of = event.created_at
    return readable(
        "invoice", lambda: parse_invoice(_object(event), event_id=event.id, as_of=as_of)
    )


def customer_of(event: RemoteEvent) -> RemoteCustomer:
    """Return the customer a `customer.*` event carries."""
    return readable("customer", lambda: parse_customer(_object(event)))


def subscription_of(event: RemoteEvent) -> RemoteSubscription:
    """Return the subscription a `customer.subscription.*` event carries."""
    as_of = event.created_at
    return readable("subscription", lambda: parse_subscription(_object(event), as_of=as_of))


def card_of(event: RemoteEvent) -> RemoteCard:
    """Return the payment method a `payment_method.*` event carries."""
    before = event.payload["data"].get("previous_attributes") or {}
    return readable("payment method", lambda: parse_card(_object(event), before))


def payment_of(event: RemoteEvent) -> RemotePayment:
    """Return the payment an `invoice_payment.*` event carries."""
    return readable("payment", lambda: parse_payment(_object(event)))


def decline_of(event: RemoteEvent) -> RemoteDecline:
    """Return the failed attempt a `payment_intent.payment_failed` event carries."""
    return readable("payment intent", lambda: parse_decline(_object(event)))


def correction_of(event: RemoteEvent) -> RemoteCorrection:
    """Return the credit note, refund or dispute an event carries."""
    return readable(
        "credit note, refund or dispute",
        lambda: parse_correction(_object(event), as_of=event.created_at, told_by=event.id),
    )


def about(event: RemoteEvent) -> str | None:
    """Return Stripe's name for what the event's handler will hold, where the event says it plainly.

    Workers divide events by it. It is a hint: what a batch holds, `webhooks.subject` says.
    """
    told = _object(event)
    named = {"invoice_payment": told.get("invoice"), "payment_method": told.get("customer")}
    name = named.get(event.type.rpartition(".")[0], event.object_id)
    return name if isinstance(name, str) and len(name) <= MOST_OF_AN_ID else None


class ReadsEvents:
    """The part of a gateway that asks nobody: an event carries all of it."""

    invoice_of = staticmethod(invoice_of)
    customer_of = staticmethod(customer_of)
    subscription_of = staticmethod(subscription_of)
    card_of = staticmethod(card_of)
    payment_of = staticmethod(payment_of)
    decline_of = staticmethod(decline_of)
    correction_of = staticmethod(correction_of)


def _object(event: RemoteEvent) -> Json:
    found: Json = event.payload["data"]["object"]
    return found

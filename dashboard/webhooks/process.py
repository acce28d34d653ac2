"""Process one event of the inbox: claim, handle, remember; an error is kept, never lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import structlog

from dashboard.extensions import db
from dashboard.gateway.protocol import Gateway
from dashboard.sync.models import SyncRun
from dashboard.webhooks import customers, invoices
from dashboard.webhooks.delivery import Delivery, Handled
from dashboard.webhooks.inbox import claim, failed, handled
from dashboard.webhooks.models import WebhookEvent

log = structlog.get_logger("webhooks")
HANDLERS: Mapping[str, Callable[[Delivery], Handled]] = {
    "invoice.created": invoices.invoice_created,
    "invoice.updated": invoices.invoice_updated,
    "invoice.deleted": invoices.invoice_deleted,
    "invoice.finalized": invoices.finalized_or_later,
    "invoice.finalization_failed": invoices.finalization_failed,
    "invoice.paid": invoices.finalized_or_later,
    "invoice.payment_failed": invoices.finalized_or_later,
    "invoice.payment_action_required": invoices.finalized_or_later,
    "invoice.voided": invoices.finalized_or_later,
    "invoice.marked_uncollectible": invoices.finalized_or_later,
    "invoice.overpaid": invoices.finalized_or_later,
    "customer.deleted": customers.customer_deleted,
    "payment_method.attached": customers.payment_method_known,
    "payment_method.updated": customers.payment_method_known,
    "payment_method.automatically_updated": customers.payment_method_known,
    "payment_method.detached": customers.payment_method_detached,
}


def process(
    event_id: int,
    *,
    gateway: Gateway,
    checkpoint: Callable[[], None],
    now: datetime,
    replay: bool = False,
) -> list[SyncRun]:
    """Handle one event and return the syncs it asks for, to be enqueued. Safe to repeat."""
    event = claim(event_id, now=now, replay=replay)
    checkpoint()
    if event is None:
        return []
    delivery = Delivery(event, gateway, now)
    try:
        with db.session.begin_nested():
            outcome = handle(delivery)
    except Exception as error:  # whatever it is, the event keeps it and is tried again
        log.exception("webhook_failed", stripe_event=event.stripe_event_id, type=event.type)
        db.session.refresh(event)
        failed(event, f"{type(error).__name__}: {error}", now=now)
        return []
    handled(event, outcome.sentence, ignored=outcome.ignored, now=now)
    return delivery.runs


def handle(delivery: Delivery) -> Handled:
    """Let the handler of the event's type do its work."""
    handler = HANDLERS.get(delivery.type)
    if handler is None:
        return Handled("Nothing here depends on this kind of event.", ignored=True)
    return handler(delivery)


def preview_replay(event: WebhookEvent, *, gateway: Gateway, now: datetime) -> str:
    """Return in a sentence what a replay would do now; it is done for real and then undone."""
    savepoint = db.session.begin_nested()
    try:
        return handle(Delivery(event, gateway, now)).sentence
    except Exception as error:  # what it would fail with is what the reader wants to know
        return f"It would fail: {type(error).__name__}: {error}"
    finally:
        savepoint.rollback()

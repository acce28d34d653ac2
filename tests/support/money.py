"""Money after a bill was issued, moved at the simulator by Stripe's own client."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import stripe
from stripe._v1_services import V1Services

from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.webhooks.handlers import HANDLERS
from tests.support.inbox import deliver
from tests.support.simulator import API_KEY
from tests.support.syncing import Syncer


def client_of(syncer: Syncer) -> V1Services:
    """Return Stripe's own client, pointed at the simulator."""
    stripe.enable_telemetry = False
    return stripe.StripeClient(
        API_KEY, base_addresses={"api": syncer.simulator.url}, max_network_retries=0
    ).v1


def pay(syncer: Syncer, bill: Invoice, card: str = "pm_card_visa") -> str:
    """Pay the bill by card at Stripe and return the payment intent."""
    client = client_of(syncer)
    client.invoices.pay(str(bill.stripe_invoice_id), {"payment_method": card})
    payments = client.invoice_payments.list({"invoice": str(bill.stripe_invoice_id)}).data
    return str(payments[0].payment.payment_intent)


def happened(syncer: Syncer) -> list[dict[str, Any]]:
    """Return everything that Stripe has told, oldest first, as it was sent."""
    since = utc_now() - timedelta(days=1)
    events = syncer.gateway.events_since(since, tuple(HANDLERS))
    told = sorted(events, key=lambda event: event.created_at)
    return [dict(event.payload) for event in told]


def tell(syncer: Syncer, bodies: Iterable[dict[str, Any]]) -> None:
    """Deliver these events in this order; known ones are processed no second time."""
    for body in bodies:
        done = deliver(syncer, body)
        assert done.state in ("processed", "ignored"), done.error

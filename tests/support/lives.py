"""Bills that are sealed here and known at Stripe, and what Stripe tells of them; no simulator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.gateway.parsing import parse_event
from dashboard.transaction import checkpoint, transaction
from dashboard.webhooks.batch import Drained, drain
from dashboard.webhooks.intake import store
from dashboard.webhooks.models import WebhookEvent
from tests.support.billing import make_bill, put
from tests.support.events import event
from tests.support.syncing import gateway_to

# Nobody is there to be asked.
NOBODY = gateway_to("http://127.0.0.1:9")
CENTS = 4000
START = 1_900_000_000


def sealed_bill(slug: str = "acme", status: str = "sealed") -> Invoice:
    """Return a bill that waits for Stripe's word that it is final."""
    bill = make_bill(slug)
    put(bill, a=CENTS)
    with transaction():
        bill.status, bill.sealed_at = status, utc_now()
        bill.stripe_invoice_id, bill.stripe_status = f"in_{slug}", "draft"
        bill.synced_revision = bill.revision
        bill.organization.stripe_customer_id = f"cus_{slug}"
    return bill


def shown(slug: str, status: str = "open", **facts: Any) -> dict[str, Any]:
    """Return the invoice as Stripe shows it in that state."""
    paid = CENTS if status == "paid" else 0
    moved = {"finalized_at": START, "paid_at": START + 9 if paid else None}
    return {
        "object": "invoice", "id": f"in_{slug}", "status": status, "customer": f"cus_{slug}",
        "currency": "usd", "total": CENTS, "amount_due": CENTS, "amount_paid": paid,
        "amount_remaining": CENTS - paid, "attempt_count": 1 if paid else 0, "number": f"N-{slug}",
        "pre_payment_credit_notes_amount": 0, "post_payment_credit_notes_amount": 0,
        "status_transitions": moved, "metadata": {}, **facts,
    }  # fmt: skip


def payment(slug: str) -> dict[str, Any]:
    """Return the payment of the invoice by card."""
    return {
        "object": "invoice_payment", "id": f"inpay_{slug}", "invoice": f"in_{slug}",
        "status": "paid", "amount_paid": CENTS,
        "payment": {"type": "payment_intent", "payment_intent": f"pi_{slug}"},
    }  # fmt: skip


def life(slug: str) -> list[dict[str, Any]]:
    """Return what Stripe sends once the bill is finalized and paid, oldest first."""
    return [
        event("invoice.finalized", shown(slug), created=START),
        event("invoice_payment.paid", payment(slug), created=START + 9),
        event("invoice.paid", shown(slug, "paid"), created=START + 9),
    ]


def arrive(bodies: Sequence[dict[str, Any]]) -> list[int]:
    """Store these events; return their ids."""
    with transaction():
        return store([parse_event(one) for one in bodies], source="webhook", now=utc_now())


def drain_once(most: int = 100) -> Drained:
    """Process a batch as the job does; Stripe cannot be asked."""
    with transaction():
        drained = drain(gateway=NOBODY, checkpoint=checkpoint, now=utc_now(), most=most)
    db.session.expire_all()
    return drained


def events() -> list[WebhookEvent]:
    """Return what is in the inbox, oldest first, as it is stored now."""
    query = select(WebhookEvent).order_by(WebhookEvent.id)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))

"""An organization that is billed with a subscription: linked, unlinked, and its renewals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from dashboard.extensions import db
from dashboard.gateway.subscription_records import RemoteSubscription
from dashboard.organizations.link import link_subscription, preview_link
from dashboard.organizations.subscription import unlink_subscription
from dashboard.transaction import checkpoint
from dashboard.webhooks.delivery import Delivery
from dashboard.webhooks.handlers import handle
from dashboard.webhooks.models import WebhookEvent
from dashboard.webhooks.renewals import Seen, decide, look
from tests.factories import SUPPORT
from tests.locks.stage import Stage
from tests.locks.told import arrived


def told(stage: Stage) -> RemoteSubscription:
    """Return a subscription of the organization's customer, another one each time."""
    organization, now = stage.organization(), stage.now()
    if organization.stripe_customer_id is None:
        organization.stripe_customer_id = f"cus_{organization.id}"
        checkpoint()
    end = (now + timedelta(days=2, seconds=stage.number())).replace(microsecond=0)
    return RemoteSubscription(
        id=f"sub_{stage.number()}",
        customer_id=str(organization.stripe_customer_id),
        status="active",
        currency=organization.currency,
        anchor_at=end,
        period_start=now,
        period_end=end,
        periods_differ=False,
        interval="month",
        interval_count=1,
        paused_how=None,
        ends_at=None,
    )


def link(stage: Stage) -> RemoteSubscription:
    """Link the organization to a subscription."""
    organization, remote = stage.organization(), told(stage)
    link_subscription(organization, remote, reason="asked", actor=SUPPORT, now=stage.now())
    return remote


@contextmanager
def linked(stage: Stage) -> Iterator[RemoteSubscription]:
    """Link the organization, whose bill then waits; afterwards it is as the others expect it."""
    try:
        remote = link(stage)
        stage.draft().billed_with = "waits"
        checkpoint()
        yield remote
        checkpoint()
    finally:
        db.session.rollback()
        stage.organization().stripe_subscription_id = None
        checkpoint()
        for invoice in (*stage.invoices("draft"), *stage.invoices("closing")):
            invoice.billed_with = "alone"
        checkpoint()


def link_for_a_while(stage: Stage) -> None:
    with linked(stage):
        pass


def show_link(stage: Stage) -> None:
    preview_link(stage.organization(), told(stage), now=stage.now())


def unlink(stage: Stage) -> None:
    """Unlink one that a bill waits for."""
    with linked(stage):
        unlink_subscription(stage.organization(), reason="asked", actor=SUPPORT, now=stage.now())


def look_for_a_renewal(stage: Stage) -> None:
    """Decide on a bill whose renewal brought an invoice, and on one that Stripe has nothing of."""
    with linked(stage) as remote:
        invoice_id, now = stage.draft().id, stage.now()
        decide(invoice_id, remote.id, Seen(remote, []), now=now)
        checkpoint()
        look(invoice_id, gateway=stage.gateway, checkpoint=checkpoint, now=now)


def hear_of_a_renewal(stage: Stage) -> None:
    """Let Stripe tell of the invoice that the renewal brought."""
    with linked(stage) as remote:
        details = {"subscription": remote.id, "metadata": {}}
        facts = {
            "billing_reason": "subscription_cycle",
            "parent": {"type": "subscription_details", "subscription_details": details},
            "id": f"in_{remote.id}",
            "customer": remote.customer_id,
            "metadata": {},
        }
        hear(stage, arrived(stage, "invoice.created", facts), remote)


def hear_of_a_subscription(stage: Stage) -> None:
    """Let Stripe tell that the subscription renews at another time."""
    with linked(stage) as remote:
        end = remote.period_end + timedelta(hours=5)
        later = replace(remote, anchor_at=end, period_end=end)
        event_id = arrived(stage, "customer.subscription.updated", {})
        db.session.get_one(WebhookEvent, event_id).object_id = remote.id
        checkpoint()
        hear(stage, event_id, later)


def hear(stage: Stage, event_id: int, remote: RemoteSubscription) -> None:
    """Handle an event for which the subscription and its invoice were read already."""
    event = db.session.get_one(WebhookEvent, event_id)
    delivery = Delivery(event, stage.gateway, stage.now())
    delivery.readings["subscription", remote.id] = remote
    if event.type == "invoice.created":
        delivery.readings["invoice", delivery.invoice.id] = delivery.invoice
    handle(delivery)

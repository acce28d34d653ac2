"""A clock of our own for renewals: an event may be lost, and some renewals bring no invoice.

A subscription that is paused, canceled or has nothing to bill makes none, and says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import or_, select

from dashboard.audit.actor import STRIPE
from dashboard.billing.locks import lock_invoice, lock_row
from dashboard.billing.models import Invoice
from dashboard.billing.subscription import (
    FIRST_LOOK,
    LOOK_EVERY,
    WAITS,
    carry_out,
    on_theirs,
    verdict,
    waits,
)
from dashboard.extensions import db
from dashboard.gateway.errors import Missing
from dashboard.gateway.protocol import Gateway
from dashboard.gateway.records import RemoteInvoice
from dashboard.gateway.subscription_records import RemoteSubscription
from dashboard.organizations.subscription import (
    follow,
    lock_waiting,
    unlink_subscription,
)
from dashboard.sync.models import SyncRun
from dashboard.sync.request import Request, request_sync


def due_to_look(*, now: datetime, most: int) -> list[int]:
    """Return the bills of ended cycles for which no renewal's invoice was seen, longest over first.

    The first look comes some minutes after the end, the next ones some minutes apart.
    """
    query = select(Invoice.id).where(
        Invoice.billed_with == WAITS,
        Invoice.status.in_(("closing", "sealed")),
        Invoice.period_end <= now - FIRST_LOOK,
        or_(Invoice.next_sync_at.is_(None), Invoice.next_sync_at <= now),
    )
    return list(db.session.scalars(query.order_by(Invoice.period_end).limit(most)))


def look(
    invoice_id: int, *, gateway: Gateway, checkpoint: Callable[[], None], now: datetime
) -> SyncRun | None:
    """Read the subscription and its invoices, and decide on the bill; return the sync that follows.

    Safe to repeat, and beside the event: the bill leaves off waiting once. Raises `GatewayError`.
    """
    invoice = lock_invoice(invoice_id)
    organization = invoice.organization
    subscription_id = organization.stripe_subscription_id
    if not waits(invoice) or subscription_id is None:
        return None
    # Had before Stripe is asked: one that cannot be read keeps no other from its turn.
    invoice.next_sync_at = now + LOOK_EVERY
    checkpoint()
    try:
        subscription = gateway.subscription(subscription_id)
        invoices = gateway.invoices_of_subscription(subscription_id)
    except Missing:
        subscription, invoices = None, []
    return decide(invoice_id, subscription_id, Seen(subscription, invoices), now=now)


class Seen(NamedTuple):
    """What was read of a subscription, None where Stripe has none, and of its invoices."""

    subscription: RemoteSubscription | None
    invoices: Sequence[RemoteInvoice]


def decide(invoice_id: int, subscription_id: str, seen: Seen, *, now: datetime) -> SyncRun | None:
    """Take the renewal's invoice, let the bill go alone, or let it wait on, by what was seen."""
    invoice = db.session.get_one(Invoice, invoice_id)
    organization = invoice.organization
    lock_row(organization)
    if organization.stripe_subscription_id != subscription_id:
        return None
    # All that waits, in the one order of locks: what follows may be about any of it.
    waiting = {one.id: one for one in lock_waiting(organization)}
    if invoice_id not in waiting:
        return None
    found = verdict(seen.subscription, seen.invoices, invoice.period_end, now=now)
    carry_out(invoice, found, now=now)
    if seen.subscription is None:
        # Its events may be lost too, and none will come of what is not there.
        unlink_subscription(organization, reason=str(found.goes_alone), actor=STRIPE, now=now)
    else:
        follow(organization, seen.subscription, now=now)
    if not on_theirs(invoice):
        return None
    # To hold it at once. What goes alone, and the final sync of either, is asked for by the clock.
    return request_sync(invoice, Request("event", STRIPE, verify=True), now=now)

"""Look again at a gap that is known: whether it is still there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import structlog
from sqlalchemy import select

from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.gaps.compare import customer_gaps, invoice_gaps, lost_customer, lost_invoice
from dashboard.gaps.gap import KEPT_AT_STRIPE, STATUSES, Gap
from dashboard.gaps.keep import let_go, see_again, still_open
from dashboard.gaps.models import StripeGap
from dashboard.gateway.errors import Missing
from dashboard.gateway.protocol import Gateway
from dashboard.organizations.models import Organization
from dashboard.webhooks.models import WebhookEvent

log = structlog.get_logger("dashboard.gaps")


class _Known(NamedTuple):
    """A gap as it was before a call, during which no transaction is open."""

    kind: str
    stripe_id: str
    told: str
    first_seen_at: datetime


def look_at(gap_id: int, *, gateway: Gateway, now: datetime, checkpoint: Callable[[], None]) -> int:
    """Look whether one gap is still there, and keep that; return how many reads it took.

    No transaction is open during a read.
    """
    row = db.session.get(StripeGap, gap_id, populate_existing=True)
    if row is None or row.gone_at is not None:
        return 0
    known = _Known(row.kind, row.stripe_id, row.told, row.first_seen_at)
    checkpoint()
    gap, taken = _still(known, gateway, now)
    # Another look may have been faster.
    kept = still_open(gap_id)
    if kept is not None:
        if gap is None:
            let_go(kept, now=now)
        else:
            see_again(kept, gap, now=now)
    checkpoint()
    return taken


def _still(row: _Known, gateway: Gateway, now: datetime) -> tuple[Gap | None, int]:
    if row.kind == "event":
        known = select(WebhookEvent.id).where(WebhookEvent.stripe_event_id == row.stripe_id)
        # What Stripe keeps no longer, nobody can fetch: what it was about is read in its turn.
        is_over = now - row.first_seen_at >= KEPT_AT_STRIPE
        if is_over:
            log.warning("gap_of_event_expired", stripe_id=row.stripe_id, told=row.told)
        gone = is_over or db.session.scalar(known) is not None
        return (None if gone else Gap("event", row.stripe_id, row.told)), 0
    if row.kind.endswith("_invoice"):
        return _invoice_still(row, gateway), 1
    return _customer_still(row, gateway), 1


def _invoice_still(row: _Known, gateway: Gateway) -> Gap | None:
    own = select(Invoice).where(Invoice.stripe_invoice_id == row.stripe_id)
    try:
        remote = gateway.invoice(row.stripe_id)
    except Missing:
        invoice = db.session.scalar(own)
        is_open = invoice is not None and invoice.status in (*STATUSES["drafts"], "open")
        return lost_invoice(invoice) if invoice and is_open else None
    if remote.status == "void" and row.kind != "moved_invoice":
        return None
    found = [one for one in invoice_gaps([remote]) if one.kind == row.kind]
    return found[0] if found else None


def _customer_still(row: _Known, gateway: Gateway) -> Gap | None:
    own = select(Organization).where(
        Organization.stripe_customer_id == row.stripe_id, Organization.customer_lost_at.is_(None)
    )
    try:
        remote = gateway.customer(row.stripe_id)
    except Missing:
        remote = None
    if remote is None or remote.is_deleted:
        organization = db.session.scalar(own)
        return lost_customer(organization) if organization else None
    found = [one for one in customer_gaps([remote]) if one.kind == row.kind]
    return found[0] if found else None

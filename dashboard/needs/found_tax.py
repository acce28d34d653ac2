"""The drafts whose tax Stripe cannot work out, told before their cycle ends."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, cast, func, text

from dashboard.billing.indexes import UNTAXABLE
from dashboard.billing.models import Invoice
from dashboard.needs.found import MOST, Rows, shown


def untaxable(_now: datetime) -> Rows:
    """Return the invoices that can still change and whose tax Stripe cannot work out."""
    facts = func.jsonb_build_object(
        "sequence", Invoice.sequence, "number", Invoice.number, "status", Invoice.stripe_tax_status
    )
    return (
        shown(
            cast(Invoice.id, String),
            func.coalesce(Invoice.last_synced_at, Invoice.created_at),
            facts,
            Invoice.organization_id,
            func.abs(Invoice.total_cents),
            Invoice.currency,
        )
        .where(text(UNTAXABLE), Invoice.parked_at.is_(None))
        .order_by(Invoice.id)
        .limit(MOST)
    )

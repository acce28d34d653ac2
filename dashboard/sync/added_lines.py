"""Lines added at Stripe: noted when a comparison sees them, deleted only if somebody says so."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.sync.compare import Comparison
from dashboard.sync.models import AddedLine


def added_lines(invoice_id: int) -> list[AddedLine]:
    """Return the lines added at Stripe known of an invoice, oldest first."""
    query = select(AddedLine).where(AddedLine.invoice_id == invoice_id)
    return list(db.session.scalars(query.order_by(AddedLine.id)))


def note_added(invoice: Invoice, comparison: Comparison, *, now: datetime) -> None:
    """Make the lines known those that the comparison saw, keeping decisions taken."""
    known = {line.stripe_line_id: line for line in added_lines(invoice.id)}
    for seen in comparison.added:
        line = known.pop(seen.id, None)
        if line is None:
            line = AddedLine(
                organization_id=invoice.organization_id,
                invoice_id=invoice.id,
                stripe_line_id=seen.id,
                found_at=now,
            )
            db.session.add(line)
        line.description = seen.description[:500]
        line.amount_cents = seen.amount_cents
    for line in known.values():
        # Gone at Stripe, or adopted and ours by now.
        db.session.delete(line)
    db.session.flush()

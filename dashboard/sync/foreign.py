"""Foreign lines: noted when a comparison sees them, never deleted unless somebody says so."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.sync.compare import Comparison
from dashboard.sync.models import ForeignLine


def foreign_lines(invoice_id: int) -> list[ForeignLine]:
    """Return the foreign lines known of an invoice, oldest first."""
    query = select(ForeignLine).where(ForeignLine.invoice_id == invoice_id)
    return list(db.session.scalars(query.order_by(ForeignLine.id)))


def note_foreign(invoice: Invoice, comparison: Comparison, *, now: datetime) -> None:
    """Make the known foreign lines those that the comparison saw, keeping decisions taken."""
    known = {line.stripe_line_id: line for line in foreign_lines(invoice.id)}
    for seen in comparison.foreign:
        line = known.pop(seen.id, None)
        if line is None:
            line = ForeignLine(
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

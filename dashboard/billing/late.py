"""The invoices that should have been paid by now, as queries find them: along an index of few.

The same as `payment_state.late_since` says of one: from the due date, and without one from the day
of issue, once an attempt came to nothing, its customer was deleted at Stripe (which is noted where
a failure is: `uncharged`) or Stripe gave up.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_

from dashboard.billing.models import Invoice

# In minor units, with tax where Stripe told of it; the first of these that is known.
OWED = func.coalesce(Invoice.amount_remaining_cents, Invoice.amount_due_cents, Invoice.total_cents)
LATE_AT = func.coalesce(Invoice.due_at, Invoice.finalized_at)
# Word for word what `ix_invoices_late` holds.
_MAY_BE_LATE = and_(
    Invoice.status.in_(("open", "uncollectible")),
    or_(
        Invoice.due_at.is_not(None),
        Invoice.payment_failure.is_not(None),
        Invoice.action_required_at.is_not(None),
        Invoice.status == "uncollectible",
    ),
)


def is_late(now: datetime) -> ColumnElement[bool]:
    """Return the condition that an invoice should have been paid by now and something is owed."""
    return and_(_MAY_BE_LATE, now > LATE_AT, OWED > 0)

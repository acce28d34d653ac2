"""Which open drafts are verified next: each of them once a week, a share each hour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import func, select

from dashboard.billing.models import Invoice
from dashboard.extensions import db

EVERY = timedelta(days=7)
HOURS = 7 * 24


def unverified_longest(*, now: datetime) -> Sequence[int]:
    """Return the drafts at Stripe that were not read line by line for longest, an hour's share.

    One that is on hold waits for a person; a read of it would tell nothing new.
    """
    last = func.coalesce(Invoice.last_verified_at, Invoice.created_at)
    is_there = (
        (Invoice.status == "draft")
        & Invoice.stripe_invoice_id.is_not(None)
        & Invoice.parked_at.is_(None)
    )
    number = db.session.scalar(select(func.count()).where(is_there)) or 0
    query = select(Invoice.id).where(is_there, last <= now - EVERY).order_by(last, Invoice.id)
    return db.session.scalars(query.limit(ceil(number / HOURS))).all()

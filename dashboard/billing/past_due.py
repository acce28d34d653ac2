"""What no one tells of: an invoice that should have been paid by now. The clock looks."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, String, cast, func, select

from dashboard.billing.late import LATE_AT, is_late
from dashboard.billing.locks import lock_invoices
from dashboard.billing.models import Invoice
from dashboard.billing.payment_facts import payment_of
from dashboard.billing.telling import PAST_DUE, tell_past_due
from dashboard.extensions import db
from dashboard.outgoing.models import OutgoingEvent
from dashboard.outgoing.tell import is_told

# Longer ago it is no news: it was told, or nobody was there to be told. What is kept for less
# time is no news any more once it may be forgotten that it was told.
NEWS = timedelta(days=30)


def tell_of_late(place: int, *, most: int, kept_days: int = 0, now: datetime) -> int | None:
    """Tell which of the next late invoices are so, each once; return where to go on.

    Each is held meanwhile, so that its payment is told after it; one that somebody else holds is
    left for the next look. `kept_days`: for how long it is known what was told, 0 for ever.
    """
    if not is_told(PAST_DUE):
        return None
    news = min(NEWS, timedelta(days=kept_days)) if kept_days else NEWS
    query = select(Invoice.id).where(
        is_late(now), now - news < LATE_AT, Invoice.id > place, ~_was_told()
    )
    ids = db.session.scalars(query.order_by(Invoice.id).limit(most)).all()
    for invoice in lock_invoices(ids, wait=False):
        state = payment_of(invoice, now)
        if state.late_since is not None and state.owed_cents > 0:
            tell_past_due(invoice, state.late_since, state.owed_cents, now=now)
    return ids[-1] if len(ids) == most else None


def _was_told() -> ColumnElement[bool]:
    """Return the condition that it was, of that date: see `tell_past_due`."""
    since = cast(func.floor(func.extract("epoch", LATE_AT)), BigInteger)
    occasion = func.concat(f"{PAST_DUE}:", cast(Invoice.id, String), ":", cast(since, String))
    return select(OutgoingEvent.id).where(OutgoingEvent.occasion == occasion).exists()

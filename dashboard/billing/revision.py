"""Revisions: every committed change of an invoice's items raises its number and moves its total."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import func, select

from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.billing.policy import current_policy
from dashboard.clock import from_timestamp
from dashboard.extensions import db

# Knuth's multiplier: neighbouring ids land far apart in the interval.
_SPREAD = 2_654_435_761


def touch(invoice: Invoice, *, now: datetime) -> None:
    """Raise the revision and take the total from the items; the invoice's row must be locked.

    Items changed before the call bear `next_revision(invoice)`. Without a planned sync one is
    scheduled.
    """
    touch_all([invoice], now=now)


def touch_all(invoices: Collection[Invoice], *, now: datetime) -> None:
    """Touch several invoices with one query for all their totals."""
    if not invoices:
        return
    db.session.flush()
    owed = func.sum(InvoiceItem.amount_cents - InvoiceItem.carried_cents)
    query = select(InvoiceItem.invoice_id, owed).group_by(InvoiceItem.invoice_id)
    ids = [invoice.id for invoice in invoices]
    rows = db.session.execute(query.where(InvoiceItem.invoice_id.in_(ids)))
    totals = {invoice_id: int(cents) for invoice_id, cents in rows}
    for invoice in invoices:
        invoice.revision = next_revision(invoice)
        invoice.total_cents = totals.get(invoice.id, 0)
        if invoice.next_sync_at is None:
            schedule_sync(invoice, now)


def next_revision(invoice: Invoice) -> int:
    """Return the revision that items changed now will bear."""
    return invoice.revision + 1


def schedule_sync(invoice: Invoice, now: datetime) -> None:
    """Plan the next periodic sync, at the organization's own point of the interval.

    The points are spread evenly and stay where they are, so that a busy hour does not become a
    burst of calls at its end.
    """
    invoice.next_sync_at = sync_due(invoice, now)


def sync_due(invoice: Invoice, now: datetime) -> datetime:
    """Return when the next periodic sync of `invoice` is due."""
    interval = current_policy().sync_interval_seconds
    offset = invoice.organization_id * _SPREAD % interval
    passed = (int(now.timestamp()) - offset) % interval
    return from_timestamp(int(now.timestamp()) - passed) + timedelta(seconds=interval)

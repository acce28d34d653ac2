"""Lines that are not ours on an invoice that a subscription made: kept to be shown, and left."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, func, select

from dashboard.billing.models import Invoice
from dashboard.billing.subscription import on_theirs
from dashboard.extensions import db
from dashboard.gateway.protocol import LINES_PER_INVOICE
from dashboard.gateway.records import RemoteLine
from dashboard.sync.models import SubscriptionLine, SyncedLine
from dashboard.sync.naming import recognize


def keep_theirs(invoice: Invoice, lines: Sequence[RemoteLine]) -> list[RemoteLine]:
    """Return the lines of ours among those just read, and those that may have been added there.

    On a subscription's invoice whatever is not ours belongs there: it is kept beside the ledger,
    and Stripe's total is told without it. The invoice must be ours to write.
    """
    found = recognize(invoice.id, lines)
    if not on_theirs(invoice):
        return found
    known = select(SyncedLine.stripe_line_id).where(SyncedLine.invoice_id == invoice.id)
    ids = set(db.session.scalars(known))
    theirs = [one for one in found if one.key is None and one.id not in ids]
    db.session.execute(delete(SubscriptionLine).where(SubscriptionLine.invoice_id == invoice.id))
    db.session.add_all(_kept(invoice, one) for one in theirs)
    cents = sum(one.net_cents for one in theirs)
    if invoice.stripe_total_cents is not None:
        invoice.stripe_total_cents += invoice.theirs_cents - cents
    invoice.theirs_cents = cents
    db.session.flush()
    return [one for one in found if one.key is not None or one.id in ids]


def _kept(invoice: Invoice, line: RemoteLine) -> SubscriptionLine:
    kind = "proration" if line.is_proration else "subscription"
    return SubscriptionLine(
        organization_id=invoice.organization_id,
        invoice_id=invoice.id,
        stripe_line_id=line.id,
        kind=kind if line.subscription_id is not None else "other",
        description=line.description[:500],
        amount_cents=line.net_cents,
        period_start=line.period_start,
        period_end=line.period_end,
    )


def theirs_on(invoice_id: int) -> Sequence[SubscriptionLine]:
    """Return the lines of an invoice that are not ours, in Stripe's order."""
    query = select(SubscriptionLine).where(SubscriptionLine.invoice_id == invoice_id)
    return db.session.scalars(query.order_by(SubscriptionLine.id)).all()


def room_for(invoice: Invoice) -> int:
    """Return how many lines of ours Stripe's invoice has room for."""
    if not on_theirs(invoice):
        return LINES_PER_INVOICE
    number = select(func.count()).where(SubscriptionLine.invoice_id == invoice.id)
    return max(LINES_PER_INVOICE - (db.session.scalar(number) or 0), 1)

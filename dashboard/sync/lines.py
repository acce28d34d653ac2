"""Item by item: does Stripe have it, and does it have it right."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select

from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.extensions import db
from dashboard.sync.models import SyncedLine

LineState = Literal["in_sync", "pending", "carried"]


@dataclass(frozen=True, slots=True)
class LineSync:
    """The state of one item at Stripe; the amount is what Stripe last confirmed, if anything."""

    state: LineState
    stripe_line_id: str | None
    synced_cents: int | None


def line_syncs(invoice: Invoice, items: Iterable[InvoiceItem]) -> dict[int, LineSync]:
    """Return the state per item id, in one query."""
    rows = db.session.scalars(select(SyncedLine).where(SyncedLine.invoice_id == invoice.id))
    agreed = {line.key: line for line in rows}
    return {item.id: _line_sync(invoice, item, agreed.get(item.key)) for item in items}


def _line_sync(invoice: Invoice, item: InvoiceItem, line: SyncedLine | None) -> LineSync:
    # Rolled-up items have no line of their own, so the revision tells whether Stripe knows.
    state: LineState = "pending" if item.revision > invoice.synced_revision else "in_sync"
    if item.carried_cents:
        state = "carried"
    return LineSync(
        state,
        line.stripe_line_id if line else None,
        line.amount_cents if line else None,
    )

"""Everything the current invoice's region shows, read once for the page and for each refresh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, func, select

from dashboard.billing.balance import Ahead, ahead_after, is_too_small
from dashboard.billing.forecast import Forecast
from dashboard.billing.models import InvoiceItem
from dashboard.billing.overview import KIND_ORDER
from dashboard.pricing.models import Price, PriceVersion
from dashboard.reading.expected import expected
from dashboard.reading.opening import Draft
from dashboard.reading.rows import (
    AgreedLine,
    CurrentInvoice,
    Item,
)
from dashboard.statement import Statement, parameter
from dashboard.sync.lines import LineSync, line_syncs_of
from dashboard.sync.models import SyncedLine
from dashboard.sync.status import SyncStatus, foreign_lines_of, status_from


@dataclass(frozen=True, slots=True)
class LiveBill:
    """The invoice, its items, what it will come to and whether Stripe agrees.

    `ahead`: what is on the balance at Stripe, which this one asks for or is lowered by.
    `asks_cents`: its total with that. `is_too_small`: for Stripe to charge.
    """

    invoice: CurrentInvoice
    items: Sequence[Item]
    sync: SyncStatus
    lines: Mapping[int, LineSync]
    forecast: Forecast
    ahead: Ahead | None
    asks_cents: int
    is_too_small: bool


def live_bill(draft: Draft, *, for_staff: bool, now: datetime) -> LiveBill:
    """Return what the region shows: two statements, a third for staff, whatever the items."""
    invoice = draft.invoice
    items = [Item._make(row) for row in _ITEMS.rows(invoice=invoice.id)]
    foreign = foreign_lines_of(invoice.id) if draft.foreign.total else []
    ahead, last = None, draft.last_issued
    if last is not None:
        ahead = ahead_after(last, invoice, is_moved=last.is_moved)
    ahead_cents = ahead.cents if ahead else 0
    return LiveBill(
        invoice,
        items,
        status_from(invoice, draft.run, foreign),
        _lines(invoice, items) if for_staff else {},
        expected(invoice, items, draft.around, now=now),
        ahead,
        invoice.total_cents + ahead_cents,
        is_too_small(invoice, ahead_cents),
    )


def _lines(invoice: CurrentInvoice, items: Sequence[Item]) -> Mapping[int, LineSync]:
    agreed = [AgreedLine._make(row) for row in _LINES.rows(invoice=invoice.id)]
    return line_syncs_of(invoice.status, items, agreed)


_invoice = parameter("invoice", BigInteger)
_item, _line = InvoiceItem.__table__, SyncedLine.__table__
_ITEMS = Statement(
    select(
        *(_item.c[name] for name in Item._fields[:-2]),
        Price.id.label("price_id"),
        func.coalesce(Price.unit_label, "").label("unit_label"),
    )
    .select_from(
        _item.outerjoin(PriceVersion, PriceVersion.id == _item.c.price_version_id).outerjoin(
            Price, Price.id == PriceVersion.price_id
        )
    )
    .where(_item.c.invoice_id == _invoice)
    .order_by(KIND_ORDER, _item.c.description, _item.c.id)
)
_LINES = Statement(
    select(*(_line.c[name] for name in AgreedLine._fields)).where(_line.c.invoice_id == _invoice)
)

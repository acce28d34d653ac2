"""Everything the current invoice's region shows, read once for the page and for each refresh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import BigInteger, func, select

from dashboard.billing.balance import credit_before, is_too_small
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


class Called(Protocol):
    """An invoice that is only named."""

    @property
    def called(self) -> str: ...


@dataclass(frozen=True, slots=True)
class LiveBill:
    """The invoice, its items, what it will come to and whether Stripe agrees.

    `ahead`: an earlier invoice and what it left on the balance at Stripe, owed (above zero) or
    credit, which this one asks for or is lowered by. `is_too_small`: for Stripe to charge.
    """

    invoice: CurrentInvoice
    items: Sequence[Item]
    sync: SyncStatus
    lines: Mapping[int, LineSync]
    forecast: Forecast
    ahead: tuple[Called, int] | None
    is_too_small: bool


def live_bill(draft: Draft, *, for_staff: bool, now: datetime) -> LiveBill:
    """Return what the region shows: two statements, a third for staff, whatever the items."""
    invoice = draft.invoice
    items = [Item._make(row) for row in _ITEMS.rows(invoice=invoice.id)]
    foreign = foreign_lines_of(invoice.id) if draft.foreign.total else []
    ahead = _ahead(draft)
    return LiveBill(
        invoice,
        items,
        status_from(invoice, draft.run, foreign),
        _lines(invoice, items) if for_staff else {},
        expected(invoice, items, draft.around, now=now),
        ahead,
        is_too_small(invoice, ahead[1] if ahead else 0),
    )


def _lines(invoice: CurrentInvoice, items: Sequence[Item]) -> Mapping[int, LineSync]:
    agreed = [AgreedLine._make(row) for row in _LINES.rows(invoice=invoice.id)]
    return line_syncs_of(invoice.status, items, agreed)


def _ahead(draft: Draft) -> tuple[Called, int] | None:
    """Return what `balance_ahead` does, from what the first statement found."""
    last = draft.last_issued
    if last is None:
        return None
    if last.ending_balance_cents is not None:
        return (last, last.ending_balance_cents) if last.ending_balance_cents else None
    credit = credit_before(draft.invoice)
    return None if credit is None else (credit, credit.total_cents)


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

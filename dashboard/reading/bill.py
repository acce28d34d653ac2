"""Everything the current invoice's region shows, read once for the page and for each refresh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard.billing.balance import Ahead, ahead_after, is_too_small
from dashboard.billing.forecast import Forecast
from dashboard.budgets.thresholds import Budget, measure
from dashboard.reading.expected import expected
from dashboard.reading.items import read_items
from dashboard.reading.opening import Draft
from dashboard.reading.rows import CurrentInvoice, Item
from dashboard.sync.lines import LineSync, line_syncs_of
from dashboard.sync.status import SyncStatus, foreign_lines_of, status_from


@dataclass(frozen=True, slots=True)
class LiveBill:
    """The invoice, its items, what it will come to and whether Stripe agrees.

    `ahead`: what is on the balance at Stripe, which this one asks for or is lowered by.
    `asks_cents`: its total with that. `is_too_small`: for Stripe to charge. `budget`: what the
    cycle is meant to cost beside what it comes to, if anybody set one.
    """

    invoice: CurrentInvoice
    items: Sequence[Item]
    sync: SyncStatus
    lines: Mapping[int, LineSync]
    forecast: Forecast
    ahead: Ahead | None
    asks_cents: int
    is_too_small: bool
    budget: Budget | None


def live_bill(draft: Draft, *, for_staff: bool, now: datetime) -> LiveBill:
    """Return what the region shows: one statement, whatever the items, and rarely two more.

    Usage may be counted between this one and the one that found the draft: the total is that of the
    items shown, and the draft's tag, which has its revision, brings the rest at the next refresh.
    """
    found = read_items(draft.invoice.id, with_lines=for_staff)
    billed_cents = sum(item.billed_cents for item in found.items)
    invoice = draft.invoice._replace(total_cents=billed_cents)
    foreign = foreign_lines_of(invoice.id) if draft.foreign.total else []
    ahead, last = None, draft.last_issued
    if last is not None:
        ahead = ahead_after(last, invoice, is_moved=last.is_moved)
    ahead_cents = ahead.cents if ahead else 0
    foreseen = expected(invoice, found, draft.around, now=now)
    return LiveBill(
        invoice,
        found.items,
        status_from(invoice, draft.run, foreign),
        line_syncs_of(invoice.status, found.items, found.lines) if for_staff else {},
        foreseen,
        ahead,
        invoice.total_cents + ahead_cents,
        is_too_small(invoice, ahead_cents),
        _budget(draft, invoice, foreseen, now),
    )


def _budget(
    draft: Draft, invoice: CurrentInvoice, foreseen: Forecast, now: datetime
) -> Budget | None:
    """Return the budget beside the whole cycle, whose earlier invoices count too."""
    if draft.budget_cents is None:
        return None
    earlier = draft.around.earlier_cents
    return measure(
        draft.budget_cents,
        earlier + invoice.total_cents,
        None if foreseen.is_rough else earlier + foreseen.cents,
        now=now,
        ends_at=invoice.period_end,
    )

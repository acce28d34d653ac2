"""Everything the current invoice's region shows, read once for the page and for each refresh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard.billing.balance import Ahead, ahead_after, is_too_small
from dashboard.billing.forecast import Forecast
from dashboard.budgets.thresholds import Budget, measure
from dashboard.reading.alarms import MOST, Alarms, alarms_of
from dashboard.reading.charge import Charge, charge_of
from dashboard.reading.closing import LastInvoice, last_of
from dashboard.reading.earlier import EarlierInvoice, earlier_of
from dashboard.reading.expected import expected
from dashboard.reading.freshness import Freshness, freshness_of
from dashboard.reading.items import BilledItems, read_items
from dashboard.reading.line_syncs import LineSync, line_syncs_of
from dashboard.reading.opening import Draft
from dashboard.reading.rows import BilledOrganization, CurrentInvoice, Item
from dashboard.reading.sync_status import SyncStatus, added_lines_of, status_from


@dataclass(frozen=True, slots=True)
class LiveBill:
    """The invoice, its items, what it will come to and whether Stripe agrees.

    `ahead`: what is on the balance at Stripe, which this one asks for or is lowered by.
    `asks_cents`: its total with that, before tax. `is_too_small`: for Stripe to charge. `budget`:
    what the cycle is meant to cost beside what it comes to, if anybody set one. `last` is the
    invoice before it, which is one of the `earlier` ones; the others of these are not settled.
    `is_part`: it bills the rest of a cycle that was rolled early.
    """

    invoice: CurrentInvoice
    found: BilledItems
    sync: SyncStatus
    lines: Mapping[int, LineSync]
    forecast: Forecast
    ahead: Ahead | None
    asks_cents: int
    is_too_small: bool
    budget: Budget | None
    charge: Charge
    freshness: Freshness
    alarms: Alarms
    earlier: Sequence[EarlierInvoice]
    last: LastInvoice | None
    is_part: bool

    @property
    def items(self) -> Sequence[Item]:
        """Its items, in the order of the page."""
        return self.found.items

    @property
    def unsettled(self) -> Sequence[EarlierInvoice]:
        """The invoices before the last one that still need money or a decision."""
        last_id = self.last.invoice.id if self.last else None
        return [one for one in self.earlier if not one.is_settled and one.id != last_id]


def live_bill(
    organization: BilledOrganization, draft: Draft, *, for_staff: bool, now: datetime
) -> LiveBill:
    """Return what the region shows: one statement, whatever the items, and rarely two more.

    Usage may be counted between this one and the one that found the draft: the total is that of the
    items shown, and the draft's tag, which has its revision, brings the rest at the next refresh.
    """
    found = read_items(draft.invoice.id, with_lines=for_staff)
    billed_cents = sum(item.billed_cents for item in found.items)
    invoice = draft.invoice._replace(total_cents=billed_cents)
    added = added_lines_of(invoice.id) if draft.added.total else []
    ahead, last = None, draft.last_issued
    if last is not None:
        ahead = ahead_after(last, invoice, is_moved=last.moves > 0)
    ahead_cents = ahead.cents if ahead else 0
    foreseen = expected(invoice, found, draft.around, now=now)
    sync = status_from(invoice, draft.run, added)
    charge = charge_of(organization, invoice.period_end)
    earlier = earlier_of(draft.around.earlier)
    return LiveBill(
        invoice,
        found,
        sync,
        line_syncs_of(invoice, found.items, found.lines) if for_staff else {},
        foreseen,
        ahead,
        _asks(invoice) + ahead_cents,
        # Tax may bring it above.
        not invoice.automatic_tax and is_too_small(invoice, ahead_cents),
        _budget(draft, invoice, foreseen, now),
        charge,
        freshness_of(invoice, sync, now=now),
        _alarms(organization, invoice, earlier, charge, now=now),
        earlier,
        last_of(invoice, earlier, now=now),
        draft.is_part,
    )


def _asks(invoice: CurrentInvoice) -> int:
    """Return what it asks for before tax: with tax, what is below zero waits for the next bill."""
    return max(invoice.total_cents, 0) if invoice.automatic_tax else invoice.total_cents


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
        None if foreseen.is_too_early else earlier + foreseen.likely_cents,
        now=now,
        ends_at=invoice.period_end,
    )


def _alarms(
    organization: BilledOrganization,
    invoice: CurrentInvoice,
    earlier: Sequence[EarlierInvoice],
    charge: Charge,
    *,
    now: datetime,
) -> Alarms:
    """Return what is said on top, where a current invoice on hold takes one of the places."""
    room = MOST - (invoice.parked_at is not None)
    return alarms_of(earlier, charge, lost_at=organization.customer_lost_at, now=now, room=room)

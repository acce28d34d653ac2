"""How fresh a bill is: counted until when, equal with Stripe when, and final when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.billing.policy import current_policy
from dashboard.billing.subscription import WAITS
from dashboard.reading.charge import final_at
from dashboard.reading.rows import CurrentInvoice
from dashboard.reading.sync_status import SyncStatus

# So many intervals without an agreement are more than one that came late.
LATE_INTERVALS = 3


@dataclass(frozen=True, slots=True)
class Freshness:
    """The moments that a page names.

    `equal_at` is a moment at which both totals were equal. `difference_cents` is by how much
    Stripe's draft is above it for lines that are not ours, `waiting_cents` what goes to Stripe with
    the next sync. `is_late`: that is to be told for longer than it should take.
    """

    counted_at: datetime
    equal_at: datetime | None
    difference_cents: int
    waiting_cents: int
    next_sync_at: datetime | None
    final_at: datetime
    is_late: bool


def freshness_of(invoice: CurrentInvoice, sync: SyncStatus, *, now: datetime) -> Freshness:
    """Return the moments of a draft; all usage that was accepted by `now` is on it."""
    stays = sum(line.amount_cents for line in sync.added if line.decision != "adopt")
    waiting = invoice.total_cents - invoice.synced_total_cents if invoice.is_dirty else 0
    return Freshness(
        counted_at=now,
        equal_at=sync.equal_at,
        difference_cents=stays,
        waiting_cents=waiting,
        next_sync_at=invoice.next_sync_at,
        final_at=final_at(invoice.period_end),
        is_late=_is_late(invoice, now),
    )


def _is_late(invoice: CurrentInvoice, now: datetime) -> bool:
    if not invoice.is_dirty or invoice.next_sync_at is None or invoice.billed_with == WAITS:
        return False
    interval = timedelta(seconds=current_policy().sync_interval_seconds)
    return invoice.next_sync_at < now - (LATE_INTERVALS - 1) * interval
